"""verifiers (PyPI `verifiers` 0.4): tasks of a v1 taskset with their own rewards, `verifiers:my_taskset`.

The taskset's module is found in the package's interpreter (`python=`), or in a folder (`path=`). An answer is put into
a trace and the rewards of its task are awaited on it, weighted and summed; `range=[low, high]` says what the sum means.
Tasks that need tool servers, a container, a simulated user or a runtime to score are refused: run these with verifiers.
"""

from collections.abc import Sequence

from holdfast.benchmarks.environments.drivers.one_answer import PackageTasks
from holdfast.environment import Count, environment


@environment("verifiers:", splits=("test",), turns=1, max_tokens=1024, metric="reward", varies_by="itself")
class Verifiers(PackageTasks):
    """A taskset of verifiers v1 with its own rewards."""

    script, variable, package = "verifiers_worker.py", "HOLDFAST_VERIFIERS_PYTHON", "verifiers==0.4.0"
    scheme = "verifiers"

    def __init__(
        self,
        address: str,
        *,
        items: Count = 50,
        path: str | None = None,
        range: Sequence[float] = (0.0, 1.0),
        python: str | None = None,
    ) -> None:
        super().__init__(address, items, path, range, python)
