"""Two environments made with the `openenv` package, served as its documentation shows: `openenv_server.py KIND PORT`.

`spell`: text in, text out, tasks by the Task API; `sums`: tools by MCP, tasks by seed; `broken`: raises at its step;
`picky`: raises where the text is no number, and has one place, as a server has unless it is told otherwise.
"""

import random
import sys
from typing import Any

import uvicorn
from openenv.core.env_server.http_server import create_app
from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import Action, Observation, State

WORDS = {"train": ["kelp", "rock", "tide"], "test": ["root", "wave"]}


class SpellAction(Action):
    answer: str


class SpellObservation(Observation):
    question: str = ""


class Spell(Environment):
    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self) -> None:
        super().__init__()
        self.word = ""

    def reset(self, seed: int | None = None, split: str = "train", index: int = 0, **_: Any) -> SpellObservation:
        self.word = WORDS[split][index]
        return SpellObservation(question=f"Spell {self.word} backward.", done=False, reward=None)

    def step(self, action: SpellAction, timeout_s: float | None = None, **_: Any) -> SpellObservation:
        return SpellObservation(done=True, reward=float(action.answer.strip() == self.word[::-1]))

    @property
    def state(self) -> State:
        return State(episode_id="spell", step_count=0)

    def list_splits(self) -> list[str]:
        return list(WORDS)

    def list_tasks(self, split: str) -> list[dict[str, str]]:
        return [{"word": word} for word in WORDS[split]]

    def num_tasks(self, split: str) -> int:
        return len(WORDS[split])

    def get_task(self, split: str, index: int) -> dict[str, str]:
        return {"word": WORDS[split][index]}


class Broken(Spell):
    def step(self, action: SpellAction, timeout_s: float | None = None, **_: Any) -> SpellObservation:
        raise RuntimeError("the database is gone")


class Picky(Spell):
    def step(self, action: SpellAction, timeout_s: float | None = None, **_: Any) -> SpellObservation:
        return SpellObservation(done=True, reward=float(int(action.answer) == len(self.word)))


def sums() -> Any:
    from fastmcp import FastMCP
    from openenv.core.env_server.mcp_environment import MCPEnvironment
    from openenv.core.env_server.mcp_types import CallToolAction, CallToolObservation

    class Sums(MCPEnvironment):
        SUPPORTS_CONCURRENT_SESSIONS = True

        def __init__(self) -> None:
            server = FastMCP("sums")
            self.numbers, self.told = (0, 0), None

            @server.tool()
            def add(a: int, b: int) -> int:
                """Add two numbers."""
                return a + b

            @server.tool()
            def tell(total: int) -> str:
                """Tell the result."""
                self.told = total
                return "thanks"

            super().__init__(server)

        def reset(self, seed: int | None = None, **_: Any) -> SpellObservation:
            rng = random.Random(seed)
            self.numbers, self.told = (rng.randint(1, 99), rng.randint(1, 99)), None
            return SpellObservation(question=f"Add {self.numbers[0]} and {self.numbers[1]}; tell the result.")

        def step(self, action: Any, timeout_s: float | None = None, **kwargs: Any) -> Any:
            return self._judged(super().step(action, timeout_s=timeout_s, **kwargs))

        async def step_async(self, action: Any, timeout_s: float | None = None, **kwargs: Any) -> Any:
            return self._judged(await super().step_async(action, timeout_s=timeout_s, **kwargs))

        def _judged(self, seen: Any) -> Any:
            done = self.told is not None
            return seen.model_copy(update={"done": done, "reward": float(self.told == sum(self.numbers))})

        def _step_impl(self, action: Any, timeout_s: float | None = None, **_: Any) -> Observation:
            return Observation()

        @property
        def state(self) -> State:
            return State(episode_id="sums", step_count=0)

    return create_app(Sums, CallToolAction, CallToolObservation, env_name="sums", max_concurrent_envs=64)


def main(kind: str, port: int) -> None:
    if kind == "sums":
        app = sums()
    elif kind == "picky":
        app = create_app(Picky, SpellAction, SpellObservation, env_name=kind)
    else:
        made = {"spell": Spell, "broken": Broken}[kind]
        app = create_app(made, SpellAction, SpellObservation, env_name=kind, max_concurrent_envs=64)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
