"""NexusBench (V2): single calls of NVD, VirusTotal, label remappings and tickets, and mathematics of another universe.

One row: {"Input": "Which vulnerabilities are associated with CWE-287?", "Output": "searchCVE(cweId='CWE-287')"}; of the
agentic `math`: {"inputs": {"question": "…"}, "outputs": {"reference": 9.1}}

Tools are those of a checkout of the user's own (`checkout=FOLDER`, a clone of nexusflowai/NexusBench), rows those of a
local copy of its data sets (`data=FOLDER` with `NVDLibraryBenchmark.jsonl` and so on, as the table below names them);
the splits are the tasks. A single call is right when function and arguments are the reference's, defaults filled in,
with equal types and texts; only the first call counts. `math` is played with the simulated tools until a message
without a call, and right when the last result equals the reference; a call that fails ends it. The checkout evaluates a
model's text; here a name is looked up and arguments are data. Licence Apache-2.0. No data set was at hand: rows of the
documented shape are tested.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.benchmarks.environments.drivers.process import PackageError, Worker
from holdfast.environment import Row, Step, ToolSpec, call_arguments, environment
from holdfast.errors import DataError, UsageError, unknown
from holdfast.records import pick, read_records
from holdfast.sample import Message, Score

TASKS: Mapping[str, tuple[str, str]] = {
    "nvd": ("NVDLibraryBenchmark", "nvdlib"),
    "virustotal": ("VirusTotalBenchmark", "virustotal"),
    "labels_0": ("ITType0Benchmark", "it_hard_0"),
    "labels_1": ("ITType1Benchmark", "it_hard_1"),
    "tickets": ("TicketTrackingBenchmark", "ticket_tracking"),
    "math": ("LangChainMathBenchmark", "langchain_math"),
}
"""Split → data set, and the file of the checkout that holds its tools."""
_MORE = {"labels_0": "Remember to follow the label remappings.", "labels_1": "Remember to follow the label remappings."}
_TURNS = 20


@environment("nexusbench", splits=tuple(TASKS), turns=_TURNS, max_tokens=512, metric="accuracy", varies_by="nothing")
class NexusBench:
    """NexusBench: function calls on the tools of a checkout of your own, rows of your own copies of its data sets."""

    def __init__(self, *, checkout: str | None = None, data: str | None = None) -> None:
        if checkout is None or data is None:
            raise UsageError("nexusbench needs checkout=FOLDER, a clone of nexusflowai/NexusBench, and data=FOLDER")
        self._data = Path(data)
        self.worker = Worker("nexus_worker.py", sys.executable, settings={"paths": [checkout]})

    def tasks(self, split: str) -> Iterable[Row]:
        """The rows of a task. Raises DataError for a file that is not there."""
        if split not in TASKS:
            raise unknown("split of environment 'nexusbench'", split, TASKS)
        path = self._data / f"{TASKS[split][0]}.jsonl"
        if not path.is_file():
            raise DataError(f"{path} is not there: a copy of Nexusflow/{TASKS[split][0]} as JSON lines")
        return [_row(split, number, record, where) for number, (where, record) in enumerate(read_records(path))]

    def pinned(self) -> Mapping[str, Any]:
        """What was run: a hash of the checkout's tools."""
        return dict(self.worker.ask("pinned"))

    def open(self, row: Row, seed: int) -> "NexusEpisode":
        """A fresh episode."""
        return NexusEpisode(row, self.worker)


def _row(split: str, number: int, record: Mapping[str, Any], where: str) -> Row:
    prompt_column, reference_column = (
        ("inputs.question", "outputs.reference") if split == "math" else ("Input", "Output")
    )
    found = {"prompt": pick(record, prompt_column, where), "reference": pick(record, reference_column, where)}
    return {"key": f"{split}-{number}", "category": split, **found}


class NexusEpisode:
    """One question."""

    def __init__(self, row: Row, worker: Worker) -> None:
        self._row, self._worker, self._module = row, worker, TASKS[row["category"]][1]
        self._agentic = row["category"] == "math"
        self.tools: Sequence[ToolSpec] = worker.ask("tools", module=self._module)
        more = f"\n\n{_MORE[row['category']]}" if row["category"] in _MORE else ""
        self.messages: Sequence[Message] = [{"role": "user", "content": f"{row['prompt']}{more}"}]
        self._call: tuple[str, dict[str, Any]] | None = None
        self._last: Any = None

    def step(self, message: Message) -> Step:
        """The first call of a question; results of the mathematics until it ends."""
        calls = list(message.get("tool_calls") or ())
        if not self._agentic:
            self._call = call_arguments(calls[0]) if calls else None
            return Step(done=True)
        results: list[Message] = []
        for call in calls:
            name, arguments = call_arguments(call)
            try:
                answer = self._worker.ask("call", module=self._module, name=name, arguments=arguments)
            except PackageError:
                return Step(done=True)
            self._last = answer["value"]
            results.append(
                {"role": "tool", "tool_call_id": call.get("id", ""), "name": name, "content": answer["text"]}
            )
        return Step(results, done=not calls)

    def score(self) -> Score:
        """1 when the call, or the last result, is the reference's."""
        expected = self._row["reference"]
        if self._agentic:
            return Score.of(self._last == expected, f"{self._last!r:.80}, wanted {expected!r:.80}")
        if self._call is None:
            return Score.of(False, "no call")
        name, arguments = self._call
        call = {"module": self._module, "reference": str(expected), "name": name, "arguments": arguments}
        try:
            return Score.of(self._worker.ask("same", **call), f"wanted {expected!r:.200}")
        except PackageError as error:
            return Score.unjudgeable(f"the reference is no call of these tools: {error}")

    def close(self) -> None:
        """Nothing is held."""
