"""List the environments, show one, play one message in it, audit it, serve it to others.

usage: holdfast env                          list every environment; a name with a final `:` takes an address
       holdfast env show NAME                its options, splits, first task and tools
       holdfast env try NAME say=TEXT        play one message in the first task (task=KEY another) and say what it earns
       holdfast env audit NAME [rows=20]     what lazy answers earn, whether it repeats itself, what an episode costs
                                             (card=FILE writes the page)
       holdfast env serve NAME               play it for others by OpenEnv's protocol (host=127.0.0.1 port=8000)

NAME may be an address: `reasoning_gym:chain_sum`, `openenv:http://localhost:8000`, `package.module:Class`.
An environment's options are keys: `holdfast env show reasoning_gym:chain_sum items=3 python=.envs/gym/bin/python`.

examples:
  holdfast env show tiny_form
  holdfast env try reasoning_gym:chain_sum say='<answer>4</answer>'
  holdfast env audit reasoning_gym:spell_backward rows=50 card=card.md
"""

import inspect
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from holdfast.cli.grammar import Flags, plain
from holdfast.environment import Environment, Row, environment_names, environment_spec, find_row, make_environment
from holdfast.errors import DataError, UsageError, unknown
from holdfast.files import write_whole
from holdfast.sample import Message, message_text


@dataclass(slots=True)
class Options:
    """Keys of `holdfast env`: an environment's own options, and split, task, seed, say, rows, card."""

    extra: dict[str, str]


ACTIONS = ("show", "try", "audit", "serve", "list")


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Dispatch on the first word."""
    if not paths or paths == ["list"]:
        return _list(flags)
    action, rest = paths[0], paths[1:]
    if action not in ACTIONS:
        if len(paths) > 1:
            raise unknown("action of `holdfast env`", action, ACTIONS)
        action, rest = "show", paths
    if len(rest) != 1:
        raise UsageError(f"`holdfast env {action}` takes one environment")
    return {"show": _show, "try": _try, "audit": _audit, "serve": _serve}[action](rest[0], options.extra, flags)


def _list(flags: Flags) -> int:
    specs = [environment_spec(name) for name in environment_names()]
    if flags.json:
        print(json.dumps({"environments": [{"name": spec.name, "summary": spec.summary} for spec in specs]}))
        return 0
    width = max(len(spec.name) for spec in specs)
    for spec in specs:
        print(f"{spec.name:<{width}}  {spec.summary}")
    return 0


def _show(name: str, keys: dict[str, str], flags: Flags) -> int:
    split, options = keys.pop("split", None), _own(keys)
    spec = environment_spec(name)
    made = make_environment(name, **options)
    rows = list(made.tasks(split or spec.first_split))
    first = _begin(made, rows, None)
    if flags.json:
        print(json.dumps({"name": name, "splits": spec.splits, "tasks": len(rows), **first}, default=str))
        return 0
    print(f"{name}  (version {spec.version}; splits: {', '.join(spec.splits) or 'the server’s'})\n")
    print(inspect.getdoc(spec.make) or "")
    print("\noptions:" if spec.options else "\nno options")
    for option in spec.options.values():
        print(f"  {str(option).replace(chr(39), '')}")
    print(f"\n{len(rows)} tasks; {first['task']} begins:")
    _print_messages(first["messages"])
    for tool in first["tools"]:
        print(f"  tool  {tool['function']['name']}: {tool['function'].get('description', '')}")
    return 0


def _try(name: str, keys: dict[str, str], flags: Flags) -> int:
    said, split = keys.pop("say", None), keys.pop("split", None)
    task, seed = keys.pop("task", None), int(keys.pop("seed", "0"))
    if said is None:
        raise UsageError("`holdfast env try` needs say=TEXT, the model's message")
    spec = environment_spec(name)
    made = make_environment(name, **_own(keys))
    chosen = split or spec.first_split
    row = _row(made, chosen, task)
    episode = made.open(row, seed)
    try:
        begun = list(episode.messages)
        step = episode.step({"role": "assistant", "content": said})
        score = episode.score()
    finally:
        episode.close()
    if flags.json:
        print(
            json.dumps(
                {"task": row["key"], "done": step.done, "messages": list(step.messages), **asdict(score)}, default=str
            )
        )
        return 0
    _print_messages([*begun, {"role": "assistant", "content": said}, *step.messages])
    value = "no value" if score.value is None else format(score.value, "g")
    print(f"{score.outcome}  {value}  {score.reason}" + ("" if step.done else "  (the episode goes on)"))
    return 0


def _audit(name: str, keys: dict[str, str], flags: Flags) -> int:
    from holdfast.benchmarks.environments.shared.audit import audit_environment

    count, card, split = int(keys.pop("rows", "20")), keys.pop("card", None), keys.pop("split", None)
    found = audit_environment(name, _own(keys), split or environment_spec(name).first_split, count)
    if card:
        write_whole(Path(card), found.markdown())
    print(json.dumps(asdict(found)) if flags.json else found.markdown(), end="\n" if flags.json else "")
    return 0


def _serve(name: str, keys: dict[str, str], flags: Flags) -> int:
    import uvicorn

    from holdfast.serve.openenv import OpenEnvServer

    host, port, split = keys.pop("host", "127.0.0.1"), int(keys.pop("port", "8000")), keys.pop("split", None)
    spec = environment_spec(name)
    server = OpenEnvServer(spec, make_environment(name, **_own(keys)), [split] if split else list(spec.splits) or [""])
    uvicorn.run(server.app(), host=host, port=port, log_level="warning")
    return 0


def _own(keys: dict[str, str]) -> dict[str, Any]:
    return {key: plain(text) for key, text in keys.items()}


def _row(made: Environment, split: str, task: str | None) -> Row:
    if task is not None:
        return find_row(made, split, task)
    row = next(iter(made.tasks(split)), None)
    if row is None:
        raise DataError(f"the split {split!r} has no task")
    return row


def _begin(made: Environment, rows: Sequence[Row], task: str | None) -> dict[str, Any]:
    if not rows:
        raise DataError("the environment has no task")
    episode = made.open(rows[0], 0)
    try:
        return {"task": rows[0]["key"], "messages": list(episode.messages), "tools": list(episode.tools)}
    finally:
        episode.close()


def _print_messages(messages: Sequence[Message]) -> None:
    for message in messages:
        lines = message_text(message).splitlines() or [""]
        print(f"  {message['role']:<9} " + "\n            ".join(lines))
