"""What the episode driver costs beside the model: `python tests/bench/bench_episodes.py [episodes]`.

A scripted engine answers at once: all time is the driver's. Steps a second of CPU time on one core, milliseconds
a turn beyond the engine's own, and the process's memory after each tenth of the episodes. Prints one JSON object.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.scripted_engine import ScriptedEngine, call

from holdfast.benchmarks.engine import measuring
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.environment import make_environment


def play(episodes: int, monitor: list[float]) -> dict[str, Any]:
    """Play tiny_form with a right player; `monitor` gets the resident megabytes as it goes on."""
    digits = {row["name"]: row["digits"] for row in make_environment("tiny_form", items=episodes).tasks("train")}
    spent = [0.0]

    def player(messages: list[dict[str, Any]], item: Any) -> str:
        name = messages[0]["content"].rpartition(" ")[2]
        wanted = " ".join(sorted(digits[name].split()))
        said = (call("look", name=name), wanted, call("save", value=wanted), "Done")
        return said[sum(message["role"] == "assistant" for message in messages)]

    class Timed(ScriptedEngine):
        def run(self, items: Any, emit: Any) -> None:
            began = time.process_time()
            answers: list[Any] = []
            super().run(items, answers.extend)
            spent[0] += time.process_time() - began
            emit(answers)
            self.asked.clear()
            monitor.append(resident())

    measuring.open_engine = lambda *_: Timed(player)  # type: ignore[assignment]
    entry = {"env": "tiny_form", "split": "train", "items": episodes, "limit": episodes}
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        measured = measure({"backend": "s", "model": "s"}, [entry], Path(folder), settings=Settings(progress=False))
        assert measured.tasks["tiny_form"].mean == 1.0
    whole, turns = time.process_time() - began, 4 * episodes
    return {
        "episodes": episodes,
        "steps_per_cpu_second": round(turns / whole),
        "overhead_ms_per_turn": round(1000 * (whole - spent[0]) / turns, 3),
    }


def resident() -> float:
    """Megabytes of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    seen: list[float] = []
    found = play(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, seen)
    tenth = max(1, len(seen) // 10)
    print(json.dumps({**found, "resident_mb": [round(one) for one in seen[tenth - 1 :: tenth]]}))
