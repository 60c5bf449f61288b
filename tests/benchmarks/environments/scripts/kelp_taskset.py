"""A taskset as verifiers 0.4's documentation writes one: data, a task with rewards and a metric, a loader."""

from collections.abc import Iterable

import verifiers.v1 as vf

WORDS = ["kelp", "rock", "tide", "root"]


class KelpData(vf.TaskData):
    answer: str


class KelpTask(vf.Task[KelpData]):
    @vf.reward(weight=0.75)
    async def right(self, trace: vf.Trace) -> float:
        """The last reply is the word spelt backward."""
        if trace.last_reply == "break":
            raise RuntimeError("no dictionary")
        return float(trace.last_reply.strip() == self.data.answer)

    @vf.reward(weight=0.25)
    async def short(self, trace: vf.Trace) -> float:
        """One word."""
        return float(len(trace.last_reply.split()) == 1)

    @vf.metric
    async def characters(self, trace: vf.Trace) -> float:
        """How long it is."""
        return float(len(trace.last_reply))


class KelpTaskset(vf.Taskset[KelpTask, vf.TasksetConfig]):
    def load(self) -> Iterable[KelpTask]:
        """One task for each word."""
        for word in WORDS:
            data = KelpData(prompt=f"Spell {word} backward.", system_prompt="One word.", answer=word[::-1])
            yield KelpTask(data, self.config.task)


__all__ = ["KelpTaskset"]
