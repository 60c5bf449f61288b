"""Harbor's task directories (the format of Terminal-Bench 2): `harbor:FOLDER`, one task or a folder of them.

    my-task/instruction.md            what is asked
    my-task/task.toml                 [agent] timeout_sec, [verifier] timeout_sec, [environment] cpus, memory_mb, …
    my-task/environment/Dockerfile    where it is done
    my-task/tests/test.sh             what writes /logs/verifier/reward.txt, a number from 0 to 1

The model has one tool, `bash`, in a container of the task's own; its first message without a call ends the episode, or
the end of the agent's time, of which only the seconds of its commands count. Only then are the tests copied in and run,
and nothing that stood in their place before counts. A verifier that writes no reward, or is killed (at its time limit,
or for its memory), has given no value. The image is built from the task's Dockerfile, is the `docker_image` that
task.toml names, or `image=`. A task that allows the internet, which is Harbor's default, is played with
`network=true` only. What task.toml asks for and is not had here is refused (see drivers/harbor_task.py); the size of
the disk is not limited, as in Harbor's own Docker runs. Whoever can write into the container can also change the
programs that its tests use: that is the format's, and Harbor's own runs share it.
"""

import json
import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from holdfast.benchmarks.environments.drivers.container import Container, image_of
from holdfast.benchmarks.environments.drivers.harbor_task import read_task
from holdfast.benchmarks.environments.drivers.scores import foreign_score
from holdfast.environment import (
    BusyError,
    Count,
    Row,
    Seconds,
    Step,
    ToolSpec,
    call_arguments,
    environment,
)
from holdfast.errors import DataError, UsageError
from holdfast.files import digest, folder_sha256
from holdfast.process.undo import unless_done
from holdfast.sample import Message, Score

log = logging.getLogger("holdfast")

_BASH: ToolSpec = {
    "type": "function",
    "function": {
        "name": "bash",
        "description": "Run a shell command in the container and read its output. Each command is a shell of its own.",
        "parameters": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
    },
}
_DONE = "When you are done, answer without a call."
_REWARD = "cat /logs/verifier/reward.txt 2>/dev/null || cat /logs/verifier/reward.json"


@environment("harbor:", version="2", splits=("test",), turns=60, max_tokens=2048, metric="score", varies_by="itself")
class Harbor:
    """Task directories of Harbor, played in containers."""

    workers = 4

    def __init__(
        self,
        address: str,
        *,
        image: str | None = None,
        network: bool = False,
        command: Seconds = 120.0,
        containers: Count = 4,
    ) -> None:
        """`command`: seconds of one command; `containers`: at once."""
        self.root, self.image, self.network, self.command = Path(address), image, network, command
        self.free = threading.BoundedSemaphore(containers)
        self._images: dict[Path, str] = {}
        self._building = threading.Lock()

    @cached_property
    def folders(self) -> dict[str, Path]:
        """The tasks by name. Raises DataError where there is none."""
        held = [self.root] if (self.root / "task.toml").is_file() else sorted(self.root.glob("*/"))
        found = {one.name: one for one in held if (one / "task.toml").is_file()}
        if not found:
            raise DataError(f"{self.root} holds no task of Harbor (a folder with task.toml and instruction.md)")
        return found

    def tasks(self, split: str) -> Iterable[Row]:
        """Every task directory. Raises DataError for one that cannot be played here, UsageError where the tasks expect
        a network that they are not given: what then fails would be the model's 0."""
        rows = [read_task(name, folder, self.image) for name, folder in self.folders.items()]
        expecting = [row["key"] for row in rows if row["network"]]
        if expecting and not self.network:
            raise UsageError(
                f"{len(expecting)} of {len(rows)} tasks of {self.root} may use the internet ({expecting[0]}, …): set "
                "network=true, or allow_internet = false in their task.toml"
            )
        if self.network and not expecting:
            raise UsageError(f"network=true has no effect: no task of {self.root} may use the internet")
        sized = sum(row["storage"] for row in rows)
        if sized:
            log.warning("%s: storage of %d tasks is not enforced: the disk is not limited", self.root, sized)
        return rows

    def open(self, row: Row, seed: int) -> "HarborEpisode":
        """A fresh container. Raises BusyError where as many as may run do."""
        if not self.free.acquire(blocking=False):
            raise BusyError("as many containers as may run do")
        with unless_done(self.free.release):
            return HarborEpisode(self, row, self.container(row))

    def container(self, row: Row) -> Container:
        """The task's container, its image built once."""
        folder = Path(row["folder"])
        with self._building:
            if folder not in self._images:
                named = self.image or row["image"]
                self._images[folder] = image_of(folder / "environment", named, row["build"])
        return Container(self._images[folder], network=row["network"], memory=row["memory"], cpus=row["cpus"])

    def pinned(self) -> Mapping[str, Any]:
        """What was run: a hash of each task's files, the image that replaces theirs, and whether they had a network
        where they allow it."""
        hashes = {name: folder_sha256(folder) for name, folder in self.folders.items()}
        found = {"tasks": len(hashes), "sha256": digest(hashes), "network": self.network}
        return {**found, **({"image": self.image} if self.image else {})}


class HarborEpisode:
    """One task in its container."""

    tools: Sequence[ToolSpec] = (_BASH,)

    def __init__(self, made: Harbor, row: Row, container: Container) -> None:
        self._made, self._row, self._container = made, row, container
        self._closed = False
        self._left: float = row["agent"] or float("inf")
        """Seconds that the model's commands may still take."""
        self.messages: Sequence[Message] = [{"role": "user", "content": f"{row['prompt'].strip()}\n\n{_DONE}"}]

    def step(self, message: Message) -> Step:
        """What the commands printed. A message without a call ends the episode, and so does the time that the task
        gives its agent: it is then judged as it stands, as Harbor does."""
        calls = message.get("tool_calls") or ()
        return Step([self._ran(call) for call in calls], done=not calls or self._left <= 0)

    def _ran(self, call: Mapping[str, Any]) -> Message:
        name, content = "bash", ""
        try:
            name, arguments = call_arguments(call)
            if name != "bash" or not isinstance(arguments.get("command"), str):
                content = f"Error: there is one tool, bash, with a text `command`; not {name[:80]!r}"
            elif self._left <= 0:
                content = "Error: the time of this task is over"
            else:
                ran = self._container.run(arguments["command"], min(self._made.command, self._left))
                self._left -= ran.seconds
                content = ran.output + (f"\n[exit code {ran.code}]" if ran.code else "")
        except (ValueError, RecursionError) as error:
            content = f"Error: {error}"
        return {"role": "tool", "tool_call_id": str(call.get("id", "")), "name": name, "content": content}

    def score(self) -> Score:
        """The number that the task's tests write."""
        self._container.run("rm -rf /tests /logs/verifier; mkdir -p /tests /logs/verifier /logs/agent", 60)
        self._container.put(Path(self._row["folder"]) / "tests", "/tests")
        ran = self._container.run("bash /tests/test.sh", float(self._row["verifier"]))
        if ran.killed:
            return Score.error(f"the tests were killed: {ran.output[-300:]}")
        reward_run = self._container.run(_REWARD, 60)
        if reward_run.code:
            return Score.error(f"the tests wrote no reward: {ran.output[-300:]}")
        return _reward(reward_run.output)

    def close(self) -> None:
        """Remove the container."""
        if not self._closed:
            self._closed = True
            self._container.close()
            self._made.free.release()


def _reward(text: str) -> Score:
    """The score of reward.txt (a number) or reward.json (an object with `reward`, or with one number)."""
    try:
        found = json.loads(text)
    except ValueError:
        return Score.error(f"the reward is no number: {text[:100]!r}")
    if isinstance(found, dict):
        found = found.get("reward", next(iter(found.values())) if len(found) == 1 else None)
    return foreign_score(found)
