"""τ-bench (arXiv 2406.12045): an agent serves a simulated user by tools and a policy, in an airline or a shop.

One task: {"annotator": "0", "user_id": "mia_li_3668", "instruction": "You are mia_li_3668. You want to fly from …",
"actions": [{"name": "book_reservation", "kwargs": {…}}], "outputs": ["327"]}

The score is 1 when the database ends up as the reference actions leave it and every text of `outputs` was said by the
agent (commas do not count). The published number is pass^k: set `repeats` and `k`, with sampling. The user is a model
behind an endpoint, `user: {base_url: …, model: …}`. Data: a local copy of the repository's, below `data_root`
(`tau_bench/airline`, `tau_bench/retail`). Tool descriptions are our own. Licence MIT. Grader: sierra-research/tau-bench
at 59a200c6.
"""

import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from holdfast.benchmarks.environments.shared.database import Database, Records
from holdfast.benchmarks.environments.shared.tools import Tool, observe
from holdfast.benchmarks.environments.shared.users import endpoint_of, identity_of, user_of
from holdfast.benchmarks.environments.tau import airline, retail
from holdfast.environment import Row, Step, ToolSpec, environment
from holdfast.errors import DataError, unknown
from holdfast.sample import Message, Score, message_text

STOP = "###STOP###"
_LEAVE = "transfer_to_human_agents"
_USER_RULES = (
    "You are a customer who talks to an agent.\n\nInstruction: {instruction}\n\nRules:\n"
    "- Write one line at a time, as the customer's message.\n"
    "- Do not tell all of the instruction at once, only what the current step needs.\n"
    "- Do not make up what the instruction does not say: you do not remember it or do not have it.\n"
    f"- When the instruction's goal is reached, write '{STOP}' alone to end the conversation.\n"
    "- Use your own words, keep to the personality of the instruction, and be natural."
)


class TauDomain:
    """One domain of τ-bench."""

    domain: ClassVar[str]
    tables: ClassVar[tuple[str, ...]]
    splits: ClassVar[tuple[str, ...]] = ("test",)
    tools_of: ClassVar[Any]
    """Database → its tools by name."""
    workers = 8

    def __init__(self, *, data_root: str | None = None, user: Mapping[str, Any] | None = None) -> None:
        self._root = data_root
        self._endpoint = endpoint_of(user)
        self.user_identity = identity_of(user)

    def tasks(self, split: str) -> Iterable[Row]:
        """The tasks of a split; their position is their key."""
        if split not in self.splits:
            raise unknown(f"split of environment 'tau_{self.domain}'", split, self.splits)
        rows = json.loads(_read_text(self._folder() / f"tasks_{split}.json"))
        return [{"key": str(index), **row} for index, row in enumerate(rows)]

    def open(self, row: Row, seed: int) -> "TauEpisode":
        """A fresh episode over the shared records."""
        shared = _records(self._folder(), self.tables)
        user = user_of(row, self._endpoint, _USER_RULES.format(instruction=row["instruction"]), STOP, seed)
        policy = _read_text(self._folder() / "wiki.md")
        return TauEpisode(row, shared, type(self).tools_of, policy, user)

    def _folder(self) -> Path:
        if self._root is None:
            raise DataError(f"tau_{self.domain} is read from a local folder: set data_root=… to one with tau_bench/")
        return Path(self._root) / "tau_bench" / self.domain


@environment("tau_airline", turns=30, max_tokens=1024, wants_user=True)
class TauAirline(TauDomain):
    """τ-bench's airline: 50 tasks, a user to simulate."""

    domain, tables, tools_of = "airline", airline.TABLES, staticmethod(airline.tools_of)


@environment("tau_retail", splits=("test", "dev", "train"), turns=30, max_tokens=1024, wants_user=True)
class TauRetail(TauDomain):
    """τ-bench's shop: 115 tasks (20 of dev, 500 of train), a user to simulate."""

    domain, tables, tools_of = "retail", retail.TABLES, staticmethod(retail.tools_of)
    splits = ("test", "dev", "train")


class TauEpisode:
    """An episode in which the agent serves one customer."""

    def __init__(
        self,
        row: Row,
        shared: Mapping[str, Records],
        tools_of: Callable[[Database], dict[str, Tool]],
        policy: str,
        user: Any,
    ) -> None:
        self._row, self._shared, self._make = row, shared, tools_of
        self.database = Database(shared)
        self._tools = tools_of(self.database)
        self._user = user
        self._agent_texts: list[str] = []
        opening: Message = {"role": "assistant", "content": "Hi! How can I help you today?"}
        first = {"role": "user", "content": user.reply([opening])}
        self.messages: Sequence[Message] = [{"role": "system", "content": policy}, first]
        self._conversation: list[Message] = [opening, first]
        self.tools: Sequence[ToolSpec] = [tool.spec for tool in self._tools.values()]

    def step(self, message: Message) -> Step:
        """Tool results, or the user's reply; over when the user stops or is handed on."""
        calls = message.get("tool_calls") or ()
        if calls:
            results = [observe(self._tools, call) for call in calls]
            return Step(results, done=any(result["name"] == _LEAVE for result in results))
        text = message_text(message)
        self._agent_texts.append(text)
        self._conversation.append({"role": "assistant", "content": text})
        reply = {"role": "user", "content": self._user.reply(self._conversation)}
        self._conversation.append(reply)
        return Step([reply], done=STOP in reply["content"])

    def score(self) -> Score:
        """1 when the database is as the reference actions leave it, and every output was said."""
        wrong = self.database.differences(self._reference_database())
        texts = [text.lower().replace(",", "") for text in self._agent_texts]
        missing = [output for output in self._row["outputs"] if not any(output.lower() in text for text in texts)]
        reasons = ([f"differs: {', '.join(wrong)}"] if wrong else []) + ([f"not said: {missing}"] if missing else [])
        parts = {"database": float(not wrong), "outputs": float(not missing)}
        return Score.of(not reasons, "; ".join(reasons)[:500], None, **parts)

    def _reference_database(self) -> Database:
        database = Database(self._shared)
        tools = self._make(database)
        for action in self._row["actions"]:
            if action["name"] != _LEAVE:
                call = {"function": {"name": action["name"], "arguments": dict(action["kwargs"])}}
                observe(tools, call)
        return database

    def close(self) -> None:
        """Do nothing: the episode has no resources."""


@lru_cache(maxsize=4)
def _records(folder: Path, tables: tuple[str, ...]) -> Mapping[str, Records]:
    """The shared records of a domain, read once."""
    return {name: json.loads(_read_text(folder / "data" / f"{name}.json")) for name in tables}


@lru_cache(maxsize=32)
def _read_text(path: Path) -> str:
    """A file's text, zipped or not. Raises DataError."""
    zipped = path.with_name(path.name + ".gz")
    try:
        return path.read_text("utf-8") if path.exists() else gzip.decompress(zipped.read_bytes()).decode("utf-8")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
