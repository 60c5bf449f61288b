"""inspect (PyPI `inspect_ai` 0.3): samples of a task with its own solvers and scorer, `inspect:my_module@my_task`.

An address is `module@task` or `file.py@task`. The solvers write what the model is asked (templates, options, examples);
the model's answer goes through what follows them and to the scorer. Tasks that use tools, a sandbox, another model or
ask more than once are refused: run these with inspect and read its log (`holdfast compare` reads it).
"""

from collections.abc import Sequence
from pathlib import Path

from holdfast.benchmarks.environments.drivers.one_answer import PackageTasks
from holdfast.environment import Count, environment
from holdfast.errors import UsageError


@environment("inspect:", splits=("test",), turns=1, max_tokens=1024, metric="score", varies_by="itself")
class InspectTasks(PackageTasks):
    """A task of inspect with its own scorer."""

    script, variable, package = "inspect_worker.py", "HOLDFAST_INSPECT_PYTHON", "inspect_ai==0.3.285"
    scheme = "inspect"

    def __init__(
        self,
        address: str,
        *,
        items: Count = 50,
        path: str | None = None,
        range: Sequence[float] = (0.0, 1.0),
        python: str | None = None,
    ) -> None:
        module, at, name = address.partition("@")
        if not at or not name.isidentifier():
            raise UsageError(f"inspect: takes module@task or file.py@task, not {address!r}")
        if module.endswith(".py"):
            if not Path(module).is_file():
                raise UsageError(f"inspect: no file {module}")
            address = f"{Path(module).resolve()}@{name}"
        super().__init__(address, items, path, range, python)
