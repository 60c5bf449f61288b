"""What there is to do: each task of a suite with its items, its judge, and the result's fixed part."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from holdfast.benchmarks.engine.effects import refuse_idle, say_unused
from holdfast.benchmarks.engine.episodes.plan import plan_episodes
from holdfast.benchmarks.engine.generating.generation import fitted
from holdfast.benchmarks.engine.items import (
    Completion,
    Examples,
    Item,
    build_items,
    choose,
    generation_arguments,
    seed_of,
)
from holdfast.benchmarks.engine.keeping.journal import Journal
from holdfast.benchmarks.engine.lm_eval.tasks import lm_eval_works
from holdfast.benchmarks.engine.protocol import Engine
from holdfast.benchmarks.engine.scoring import Finished, Judge, RewardJudge, likelihood_score, pick_option
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.engine.turns import TurnJudge, follower
from holdfast.benchmarks.engine.work import Work, lower, system_shown, uses_chat
from holdfast.benchmarks.suites.source import Doc, expected_form, load_docs
from holdfast.benchmarks.suites.suite import Entry, Suite
from holdfast.benchmarks.suites.task import Task
from holdfast.errors import DataError, UsageError, unknown
from holdfast.files import digest
from holdfast.reward import Reward
from holdfast.runs.measurement import TaskResult
from holdfast.sample import Score


def plan(
    suite: Suite,
    engine: Engine,
    settings: Settings,
    data_root: Path | None,
    cache: Path | None,
    users: Path | None = None,
) -> list[Work]:
    """The works of a suite, in its order. All data is loaded and every option checked before anything is generated.
    `users`: the directory that keeps what simulated users answered."""
    foreign = [entry for entry in suite.entries if entry.task is None]
    works = {
        entry.name: _work(entry, entry.task, engine, settings, data_root, cache, users)
        for entry in suite.entries
        if entry.task is not None
    }
    works |= {work.name: work for work in lm_eval_works(foreign, engine, settings, data_root)}
    refuse_idle(suite.name, list(works.values()), settings)
    mine = [works[entry.name] for entry in suite.entries if entry.name in works]
    return [_fit(work, engine) for work in mine + [w for name, w in works.items() if name not in suite.names]]


def _fit(work: Work, engine: Engine) -> Work:
    """The work with budgets that fit the model's context, and with what the model's own defaults add on record."""
    generation = work.items[0].generation if work.items else {}
    if generation:
        engine.check(generation)
    items, capped = fitted(work.items, engine.count, engine.max_length)
    recorded = {**work.result.generation}
    if added := engine.adds(generation):
        recorded["model_defaults"] = added
    if capped:
        recorded["capped_by_context"] = engine.max_length
    ask = work.follow

    def follow(item: Item, answer: str) -> Item | None:
        after = ask(item, answer) if ask else None
        return None if after is None else fitted([after], engine.count, engine.max_length)[0][0]

    result = replace(work.result, generation=recorded)
    return replace(work, items=items, result=result, capped=capped, follow=follow if ask else None)


def _work(
    entry: Entry,
    base: Task,
    engine: Engine,
    settings: Settings,
    data_root: Path | None,
    cache: Path | None,
    users: Path | None,
) -> Work:
    task = _adapted(base, settings)
    if task.kind == "episode":
        return _played(entry, task, engine, settings, data_root, users)
    chat = uses_chat(entry, engine, settings)
    reward = Reward.from_config(task.reward)
    docs = _docs(entry, task, settings, data_root)
    examples = _examples(task, task.chat_fewshot if chat else task.fewshot, data_root)
    arguments = generation_arguments(task, chat)
    say_unused(entry, chat, examples.count, arguments)
    if chat and task.system:
        system_shown(entry.name, task.system, engine)
    render = engine.render if chat else None
    items = build_items(task, docs, examples, name=entry.name, render=render, generation=arguments)
    seed = seed_of(arguments, settings.seed, settings.draw)
    items = items if seed is None else [replace(item, seed=seed) for item in items]
    result = TaskResult(
        task=entry.name,
        version=task.version,
        reward={} if task.kind == "perplexity" else reward.describe(),
        generation=_conditions(task, chat, examples.count, arguments, settings)
        | ({"categories": list(entry.categories)} if entry.categories else {}),
        metric=task.metric,
        chance=task.chance,
    )
    judge = _judge(task, reward, cache)
    return Work(
        entry.name,
        items,
        TurnJudge(judge) if task.judge_turns else judge,
        result,
        finish=_finish(task),
        hold=reward.spec.scope == "group",
        k=entry.k,
        length_controlled=task.length_controlled,
        follow=follower(task, render),
    )


def _docs(entry: Entry, task: Task, settings: Settings, data_root: Path | None) -> list[tuple[str, Doc]]:
    """The docs that are asked, each read once. Raises DataError for none, or for rows that the task cannot read."""
    rows = load_docs(task.source, data_root, task.name)
    with expected_form(f"task {entry.name!r}"):
        numbered = _of_categories(entry, task, _numbered(task, rows))
        docs = choose(numbered, task, lower(entry.limit, settings.limit))
        for _, doc in docs:
            for read in (task.prompt, task.reference, task.category, task.cluster, task.choices, task.labels):
                if read is not None:
                    read(doc)
    if not docs:
        raise DataError(f"task {entry.name!r} has no items: {task.source.origin or 'its source'} holds no rows")
    return docs


def _played(
    entry: Entry, task: Task, engine: Engine, settings: Settings, data_root: Path | None, users: Path | None
) -> Work:
    numbered = _numbered(task, load_docs(task.source, data_root, task.name))
    docs = choose(numbered, task, lower(entry.limit, settings.limit))
    arguments = generation_arguments(task, True)
    planned = plan_episodes(entry.name, task, docs, engine, settings, data_root, arguments, users)
    return Work(
        entry.name, planned.items, planned.player.judge, planned.result, k=entry.k, player=planned.player,
        varies_by=task.varies_by,
    )  # fmt: skip


def _of_categories(entry: Entry, task: Task, docs: list[tuple[str, Doc]]) -> list[tuple[str, Doc]]:
    """The docs of the categories that the suite asks for. Raises UsageError for one that no doc has."""
    if not entry.categories:
        return docs
    of = task.category
    if of is None:
        raise UsageError(f"task {entry.name!r} has no categories to choose from")
    known = sorted({str(of(doc)) for _, doc in docs})
    for name in entry.categories:
        if name not in known:
            raise unknown(f"category of task {entry.name!r}", name, known)
    return [(doc_id, doc) for doc_id, doc in docs if str(of(doc)) in entry.categories]


def _judge(task: Task, reward: Reward, cache: Path | None) -> Judge:
    if task.kind == "perplexity":
        return _likelihoods
    score_cache = cache / "scores" / f"{task.name}-{digest(reward.describe())}.jsonl" if cache else None
    return RewardJudge(reward, task.sample_info, Journal(score_cache) if score_cache else None)


def _likelihoods(finished: Sequence[Finished]) -> list[Score]:
    return [likelihood_score(item, completion) for item, completion in finished]


def _finish(task: Task) -> Callable[[Item, Completion], Completion]:
    if task.kind == "choice":
        return lambda item, completion: pick_option(item, completion, task.length_normalized)
    return lambda item, completion: completion


def _adapted(task: Task, settings: Settings) -> Task:
    """The task with the measurement's own settings over its defaults."""
    if task.kind not in ("generate", "episode"):
        return task
    sampling = settings.sampling_of(task.sampling)
    varies = bool(sampling.get("temperature")) or task.varies_by != "nothing"
    return replace(
        task,
        max_tokens=settings.max_tokens or task.max_tokens,
        sampling=sampling,
        repeats=settings.repeats if settings.repeats and varies else task.repeats,
    )


def _conditions(
    task: Task, chat: bool, shown: int, arguments: dict[str, object], settings: Settings
) -> dict[str, object]:
    """What must agree between two runs that are compared."""
    found: dict[str, object] = {"kind": task.kind, "chat_template": chat, "fewshot": shown, **arguments}
    if task.kind == "generate":
        found |= {"turns": task.turns} if task.turns > 1 else {}
        found |= {"repeats": task.repeats, **({"seed": settings.seed} if arguments.get("do_sample") else {})}
    if settings.chat_template_args and chat:
        found["chat_template_args"] = dict(settings.chat_template_args)
    return found


def _numbered(task: Task, docs: Sequence[Doc]) -> list[tuple[str, Doc]]:
    named = [(str(i) if task.doc_id is None else str(task.doc_id(doc)), doc) for i, doc in enumerate(docs)]
    seen: set[str] = set()
    for doc_id, _ in named:
        if doc_id in seen:
            raise DataError(f"task {task.name!r}: two items are called {doc_id!r}")
        seen.add(doc_id)
    return named


def _examples(task: Task, count: int, data_root: Path | None) -> Examples:
    if not count:
        return Examples(task, [], 0)
    if task.fewshot_source is None:
        raise DataError(f"task {task.name!r} has no few-shot examples; set fewshot=0")
    return Examples(task, load_docs(task.fewshot_source, data_root, task.name), count)
