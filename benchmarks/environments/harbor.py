"""Harbor's task directories (the format of Terminal-Bench 2): `harbor:FOLDER`, one task or a folder of them.

    my-task/instruction.md            what is asked
    my-task/task.toml                 [agent] timeout_sec, [verifier] timeout_sec, [environment] cpus, memory, …
    my-task/environment/Dockerfile    where it is done
    my-task/tests/test.sh             what writes /logs/verifier/reward.txt, a number from 0 to 1

The model has one tool, `bash`, in a container of the task's own; its first message without a call ends the episode.
Only then are the tests copied in and run, and nothing that stood in their place before counts. A verifier that writes
no reward, or runs too long, has given no value. The image is built from the task's Dockerfile, is the `docker_image`
that task.toml names, or `image=`; there is no network unless `network=true` and the task allows it. Whoever can write
into the container can also change the programs that its tests use: that is the format's, and Harbor's own runs share
it.
"""

import hashlib
import json
import threading
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from holdfast.benchmarks.environments.drivers.container import Container, image_of
from holdfast.benchmarks.environments.drivers.scores import foreign_score
from holdfast.environment import (
    BusyError,
    Count,
    EpisodeError,
    Row,
    Seconds,
    Step,
    ToolSpec,
    call_arguments,
    environment,
)
from holdfast.errors import DataError
from holdfast.sample import Message, Score

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


@environment("harbor:", splits=("test",), turns=60, max_tokens=2048, metric="score")
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
        """Every task directory."""
        return [
            {"key": name, "prompt": _text(folder / "instruction.md"), "folder": str(folder), **_settings(folder)}
            for name, folder in self.folders.items()
        ]

    def open(self, row: Row, seed: int) -> "HarborEpisode":
        """A fresh container. Raises BusyError where as many as may run do."""
        if not self.free.acquire(blocking=False):
            raise BusyError("as many containers as may run do")
        try:
            return HarborEpisode(self, row, self.container(row))
        except EpisodeError:
            self.free.release()
            raise

    def container(self, row: Row) -> Container:
        """The task's container, its image built once."""
        folder = Path(row["folder"])
        with self._building:
            if folder not in self._images:
                named = self.image or row["image"]
                self._images[folder] = image_of(folder / "environment", named)[0]
        network = self.network and row["network"]
        return Container(self._images[folder], network=network, memory=row["memory"], cpus=row["cpus"])

    def pinned(self) -> Mapping[str, Any]:
        """What was run: a hash of each task's files, and the image that replaces theirs."""
        hashes = {name: _hashed(folder) for name, folder in self.folders.items()}
        whole = hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()
        return {"tasks": len(hashes), "sha256": whole, **({"image": self.image} if self.image else {})}


class HarborEpisode:
    """One task in its container."""

    tools: Sequence[ToolSpec] = (_BASH,)

    def __init__(self, made: Harbor, row: Row, container: Container) -> None:
        self._made, self._row, self._container = made, row, container
        self._closed = False
        self.messages: Sequence[Message] = [{"role": "user", "content": f"{row['prompt'].strip()}\n\n{_DONE}"}]

    def step(self, message: Message) -> Step:
        """What the commands printed; a message without a call ends the episode."""
        calls = message.get("tool_calls") or ()
        return Step([self._ran(call) for call in calls], done=not calls)

    def _ran(self, call: Mapping[str, Any]) -> Message:
        name, content = "bash", ""
        try:
            name, arguments = call_arguments(call)
            if name != "bash" or not isinstance(arguments.get("command"), str):
                content = f"Error: there is one tool, bash, with a text `command`; not {name[:80]!r}"
            else:
                ran = self._container.run(arguments["command"], self._made.command)
                content = ran.output + (f"\n[exit code {ran.code}]" if ran.code else "")
        except (ValueError, RecursionError) as error:
            content = f"Error: {error}"
        return {"role": "tool", "tool_call_id": str(call.get("id", "")), "name": name, "content": content}

    def score(self) -> Score:
        """The number that the task's tests write."""
        self._container.run("rm -rf /tests /logs/verifier; mkdir -p /tests /logs/verifier /logs/agent", 60)
        self._container.put(Path(self._row["folder"]) / "tests", "/tests")
        ran = self._container.run("bash /tests/test.sh", float(self._row["verifier"]))
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


def _settings(folder: Path) -> dict[str, Any]:
    """What task.toml says of the container and the verifier. Raises DataError."""
    try:
        config = tomllib.loads(_text(folder / "task.toml"))
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{folder / 'task.toml'}: {error}") from error
    box, verifier = config.get("environment") or {}, config.get("verifier") or {}
    memory = box.get("memory") or f"{box.get('memory_mb', 2048)}m"
    return {
        "image": box.get("docker_image"),
        "network": bool(box.get("allow_internet", True)),
        "memory": str(memory).lower().rstrip("b").removesuffix("i"),
        "cpus": float(box.get("cpus", 1)),
        "verifier": float(verifier.get("timeout_sec", 600)),
    }


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from error


def _hashed(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found.update(str(path.relative_to(folder)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
