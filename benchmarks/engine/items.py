"""Items: what is asked of a model, one by one, and what comes back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from holdfast.benchmarks.suites.source import Doc
from holdfast.benchmarks.suites.task import Task
from holdfast.errors import DataError, UsageError
from holdfast.files import digest
from holdfast.sample import Message, Text

Render = Callable[[Sequence[Message]], str]
"""A chat template: messages in, the prompt as the model sees it out (with the opening of the assistant's turn)."""

RequestKind = Literal["generate", "loglikelihood", "rolling"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing asked of the model once. `task`, `doc_id` and `repeat` make it unique in a measurement."""

    task: str
    doc_id: str
    repeat: int
    kind: RequestKind
    prompt: str
    """The prompt as the model sees it."""
    pairs: tuple[tuple[str, str], ...] = ()
    """kind `loglikelihood`: (context, continuation) of each option."""
    generation: Mapping[str, Any] = field(default_factory=dict)
    """Generation arguments in the one form of `generation.canonical`."""
    seed: int | None = None
    """Seed of a sampled answer; None for a greedy one."""
    doc: Doc = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    """The prompt as messages, examples and system message included; for a base model the question alone."""
    lead: tuple[Message, ...] = ()
    """The first of them: what stands before the question."""
    question: Text = ""
    """The prompt without few-shot and template: what the reward and the sample row see."""
    reference: Any = None
    labels: tuple[str, ...] = ()
    doc_hash: str = ""
    turn: int = 0
    """Which of a conversation's answers is asked for."""
    category: str | None = None
    cluster: str | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """What identifies the item in sample rows: task, document and repeat."""
        return self.task, self.doc_id, self.repeat

    @property
    def prompt_hash(self) -> str:
        """Hash of the prompt as the model sees it, and of the options."""
        return digest([self.prompt, self.pairs])

    @property
    def cache_key(self) -> str:
        """Hash of all about this item that can change its completion (the model's part lies in the file's name)."""
        return digest([self.kind, self.prompt, self.pairs, self.generation, self.repeat, self.seed])


@dataclass(slots=True)
class Completion:
    """What a model answered to one item."""

    text: str = ""
    finish_reason: str | None = None
    """`stop`, or `length` when it was cut; None when the backend does not say."""
    tokens: int | None = None
    logprobs: Sequence[tuple[float, bool]] = ()
    """For each option its log-likelihood, and whether greedy decoding would have produced it."""
    turns: Sequence[Message] = ()
    """A conversation of several turns: all that followed the question. `text` is then the last answer."""
    calls: Sequence[Mapping[str, Any]] = ()
    """Tool calls as an API returned them beside the text."""
    prompt_cut: bool = False
    """The prompt was longer than the model's context and lost its beginning."""
    refused: str = ""
    """Why the server refused to answer; empty when it answered."""
    budget: int | None = None
    """Tokens the answer could have, where the server's context left fewer than were asked for."""
    ids: Sequence[int] = ()
    """The answer's tokens, the end token included, where the backend knows them: drafts of a related model's answer."""


def build_items(
    task: Task,
    docs: Sequence[tuple[str, Doc]],
    examples: "Examples",
    *,
    name: str = "",
    render: Render | None = None,
    generation: Mapping[str, Any] | None = None,
) -> list[Item]:
    """The items of a task. `docs`: (doc_id, doc) pairs; `render`: the chat template, None for a base model;
    `generation`: lm-eval's arguments, by default the task's own."""
    arguments = generation_arguments(task, chat=render is not None) if generation is None else generation
    items = []
    for doc_id, doc in docs:
        question, prompt, lead, turns = _prompts(task, doc, examples, render)
        reference = task.reference(doc)
        common: dict[str, Any] = {
            "task": name or task.name,
            "doc_id": doc_id,
            "prompt": prompt,
            "doc": doc,
            "messages": (*lead, *turns),
            "lead": tuple(lead),
            "question": task.judged_prompt(doc) if task.judged_prompt else question,
            "reference": reference,
            "doc_hash": doc_hash(task, doc),
            "category": task.category(doc) if task.category else None,
            "cluster": task.cluster(doc) if task.cluster else None,
        }
        items += _of_kind(task, doc, common, arguments, chat=render is not None)
    return items


def _of_kind(task: Task, doc: Doc, common: dict[str, Any], arguments: Mapping[str, Any], chat: bool) -> list[Item]:
    if task.kind == "generate":
        return [Item(**common, kind="generate", repeat=repeat, generation=arguments) for repeat in range(task.repeats)]
    if task.kind == "perplexity":
        return [Item(**common, kind="rolling", repeat=0)]
    if task.choices is None:
        raise UsageError(f"task {task.name!r} is of kind 'choice' and needs `choices`")
    options = tuple(task.choices(doc))
    space = "" if chat else " "
    pairs = tuple((common["prompt"], space + option) for option in options)
    labels = tuple(task.labels(doc)) if task.labels else options
    return [Item(**common, kind="loglikelihood", repeat=0, pairs=pairs, labels=labels)]


def doc_hash(task: Task, doc: Doc) -> str:
    """Hash of the item itself, whatever few-shot or template: two runs are paired by it."""
    return digest([task.prompt(doc), task.reference(doc)])


def generation_arguments(task: Task, chat: bool) -> dict[str, Any]:
    """lm-eval's generation arguments of a task: greedy unless it samples; stop strings as the task says."""
    if task.kind not in ("generate", "episode"):
        return {}
    stop = [] if chat and not task.stop_chat else list(task.stop)
    sampling = dict(task.sampling)
    if task.repeats > 1 and not sampling.get("temperature") and task.varies_by == "nothing":
        raise UsageError(
            f"task {task.name!r}: {task.repeats} repeats of a greedy answer are all the same; set sampling"
        )
    samples = bool(sampling.get("temperature"))
    return {"until": stop, "max_gen_toks": task.max_tokens, **sampling, "do_sample": samples} | (
        {} if samples else {"temperature": 0.0}
    )


def seed_of(generation: Mapping[str, Any], seed: int, draw: int = 0) -> int | None:
    """The seed of a sampled answer; None for a greedy one. `draw`: which of several independent draws; coupled
    answers have the same noise in all."""
    if generation.get("coupled"):
        draw = 0
    return seed + 1_000_003 * draw if generation.get("do_sample") else None


class Examples:
    """The few-shot examples of a task: the first of its source, of the doc's own category where there are any."""

    def __init__(self, task: Task, docs: Sequence[Doc], count: int) -> None:
        self.task, self.count = task, count
        self._groups: dict[str | None, list[Doc]] = {}
        for doc in docs if count else ():
            group = task.category(doc) if task.category else None
            self._groups.setdefault(group, []).append(doc)
        self._all = list(docs)

    def of(self, doc: Doc) -> list[Doc]:
        """The examples to show with `doc`, never itself."""
        if not self.count:
            return []
        group = self.task.category(doc) if self.task.category else None
        pool = self._groups.get(group) or self._all
        shown = [example for example in pool[: self.count + 1] if example != doc][: self.count]
        if len(shown) < self.count:
            raise DataError(
                f"task {self.task.name!r} is to show {self.count} examples"
                + (f" of category {group!r}" if group in self._groups and group is not None else "")
                + f", and there are {len(shown)}"
            )
        return shown


def _prompts(
    task: Task, doc: Doc, examples: Examples, render: Render | None
) -> tuple[Text, str, Sequence[Message], Sequence[Message]]:
    """(the question alone, the whole prompt as the model sees it, the messages before the question, its own)."""
    if task.kind == "perplexity":
        return "", str(task.reference(doc)), (), ()
    shown = [(example, _answer(task, example)) for example in examples.of(doc)]
    if render is None:
        parts = [task.system] if task.system else []
        parts += [f"{task.text(example)} {answer}" for example, answer in shown]
        own: Message = {"role": "user", "content": task.text(doc)}
        return task.text(doc), "\n\n".join([*parts, task.text(doc)]), (), (own,)
    turns = task.messages(doc)
    lead = [turns[0]] if turns[0]["role"] == "system" else []
    for example, answer in shown:
        question_turns = [turn for turn in task.messages(example) if turn["role"] != "system"]
        lead += [*question_turns, {"role": "assistant", "content": answer}]
    question = [turn for turn in turns if turn["role"] != "system"]
    return turns, render([*lead, *question]), lead, question


def _answer(task: Task, doc: Doc) -> str:
    return task.answer(doc) if task.answer else str(task.reference(doc))


def choose(docs: Sequence[tuple[str, Doc]], task: Task, limit: int | None) -> list[tuple[str, Doc]]:
    """A fixed subset of `limit` docs: by the items' hashes, each category with its share, in the source's order."""
    if limit is None or limit >= len(docs):
        return list(docs)
    hashes = [doc_hash(task, doc) for _, doc in docs]
    groups: dict[str | None, list[int]] = {}
    for index in sorted(range(len(docs)), key=lambda i: hashes[i]):
        group = task.category(docs[index][1]) if task.category else None
        groups.setdefault(group, []).append(index)
    # The r-th of a group of m stands at (r + ½)/m of it: taking the smallest gives every group its share.
    ranked = sorted(
        ((rank + 0.5) / len(members), hashes[index], index)
        for members in groups.values()
        for rank, index in enumerate(members)
    )
    return [docs[index] for index in sorted(index for _, _, index in ranked[:limit])]
