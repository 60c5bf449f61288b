"""List the environments, show one, play one message in it, audit it, serve it to others.

usage: holdfast env                          list every environment; a name with a final `:` takes an address
       holdfast env show NAME                its options, splits, first task and tools
       holdfast env try NAME say=TEXT        play a message in the first task (task=KEY another), then=[TEXT,…] those
                                             after it, and say what it earns
       holdfast env audit NAME [rows=20]     what lazy answers earn, whether it repeats itself, what an episode costs
                                             (card=FILE writes the page)
       holdfast env serve NAME               play it for others: the protocols of OpenEnv, the Open Reward
                                             Standard and NeMo-Gym on one port (host=127.0.0.1 port=8000)
       holdfast env export rows:FILE         write rows and a reward as what another hub takes (format=verifiers,
                                             openenv, harbor or inspect; out=FOLDER reward=NAME split=test)

NAME may be an address: `reasoning_gym:chain_sum`, `openenv:http://localhost:8000`, `my_module:Class`.
An environment's options are keys: `holdfast env show reasoning_gym:chain_sum items=3 python=.envs/gym/bin/python`;
where it has an option of the same name as a key of the verb, the key is its option.

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
from typing import Annotated, Any

import msgspec

from holdfast import values
from holdfast.cli.grammar import Flags, plain
from holdfast.environment import (
    Count,
    Environment,
    EnvironmentSpec,
    Episode,
    Row,
    Step,
    environment_names,
    environment_spec,
    find_row,
    make_environment,
)
from holdfast.errors import DataError, UsageError, unknown
from holdfast.files import write_whole
from holdfast.sample import Message, message_text


@dataclass(slots=True)
class Options:
    """Keys of `holdfast env`: an environment's own options, and split, task, seed, say, rows, card."""

    extra: dict[str, str]


_Seed = Annotated[int, msgspec.Meta(ge=0)]
_Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
KEYS: dict[str, dict[str, Any]] = {
    "list": {},
    "show": {"split": str},
    "try": {"say": str, "then": list[str], "split": str, "task": str, "seed": _Seed},
    "audit": {"rows": Count, "card": Path, "split": str},
    "export": {"format": str, "out": Path, "split": str},
    "serve": {"host": str, "port": _Port, "split": str},
}
"""The keys of each action; every other key is an option of the environment."""


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Dispatch on the first word."""
    if not paths or paths == ["list"]:
        for key in options.extra:
            raise unknown("key of `holdfast env list`", key, ())
        return _list(flags)
    action, rest = paths[0], paths[1:]
    if action not in KEYS:
        if len(paths) > 1:
            raise unknown("action of `holdfast env`", action, KEYS)
        action, rest = "show", paths
    if len(rest) != 1:
        raise UsageError(f"`holdfast env {action}` takes one environment")
    spec = environment_spec(rest[0])
    keys, own = _parted(action, spec, options.extra)
    environment = make_environment(rest[0], **own)
    return {"show": _show, "try": _try, "audit": _audit, "serve": _serve, "export": _export}[action](
        spec, environment, keys, flags
    )


def _parted(action: str, spec: EnvironmentSpec, texts: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the action's keys, the environment's options), typed. Raises UsageError naming the nearest of either."""
    options, hints = spec.options, spec.hints
    mine = {key: hint for key, hint in KEYS[action].items() if key not in options}
    keys, own = dict[str, Any](), dict[str, Any]()
    for key, text in texts.items():
        if key in mine:
            keys[key] = values.parse(text, mine[key], f"env {action} {key}=")
        elif key in options:
            value, hint = plain(text), hints.get(key, Any)
            own[key] = text if not values.fits(value, hint) and values.fits(text, hint) else value
        else:
            raise unknown(f"key of `holdfast env {action}` or option of {spec.name!r}", key, {*mine, *options})
    return keys, own


def _list(flags: Flags) -> int:
    specs = [environment_spec(name) for name in environment_names()]
    if flags.json:
        print(json.dumps({"environments": [{"name": spec.name, "summary": spec.summary} for spec in specs]}))
        return 0
    width = max(len(spec.name) for spec in specs)
    for spec in specs:
        print(f"{spec.name:<{width}}  {spec.summary}")
    return 0


def _show(spec: EnvironmentSpec, environment: Environment, keys: dict[str, Any], flags: Flags) -> int:
    rows = list(environment.tasks(keys.get("split", spec.first_split)))
    first = _begin(environment, rows)
    if flags.json:
        print(json.dumps({"name": spec.name, "splits": spec.splits, "tasks": len(rows), **first}, default=str))
        return 0
    print(f"{spec.name}  (version {spec.version}; splits: {', '.join(spec.splits) or 'the server’s'})\n")
    print(inspect.getdoc(spec.make) or "")
    print("\noptions:" if spec.options else "\nno options")
    for option in spec.options.values():
        print(f"  {str(option).replace(chr(39), '')}")
    print(f"\n{len(rows)} tasks; {first['task']} begins:")
    _print_messages(first["messages"])
    for tool in first["tools"]:
        print(f"  tool  {tool['function']['name']}: {tool['function'].get('description', '')}")
    return 0


def _try(spec: EnvironmentSpec, environment: Environment, keys: dict[str, Any], flags: Flags) -> int:
    if "say" not in keys:
        raise UsageError("`holdfast env try` needs say=TEXT, the model's message")
    row = _row(environment, keys.get("split", spec.first_split), keys.get("task"))
    episode = environment.open(row, keys.get("seed", 0))
    try:
        begun = list(episode.messages)
        played, step = _played(episode, [keys["say"], *keys.get("then", [])])
        score = episode.score()
    finally:
        episode.close()
    if flags.json:
        print(json.dumps({"task": row["key"], "done": step.done, "messages": played[1:], **asdict(score)}, default=str))
        return 0
    _print_messages([*begun, *played])
    value = "no value" if score.value is None else format(score.value, "g")
    print(f"{score.outcome}  {value}  {score.reason}" + ("" if step.done else "  (the episode goes on)"))
    return 0


def _played(episode: Episode, texts: list[str]) -> tuple[list[Message], Step]:
    """The model's messages with what came of each, and the last step. Raises UsageError for one after the end."""
    played: list[Message] = []
    step = Step()
    for number, text in enumerate(texts):
        if step.done:
            raise UsageError(f"the episode was over after {number} messages: {text!r} has no turn")
        step = episode.step({"role": "assistant", "content": text})
        played += [{"role": "assistant", "content": text}, *step.messages]
    return played, step


def _audit(spec: EnvironmentSpec, environment: Environment, keys: dict[str, Any], flags: Flags) -> int:
    from holdfast.benchmarks.environments.shared.audit import audit_environment

    rows = list(environment.tasks(keys.get("split", spec.first_split)))[: keys.get("rows", 20)]
    found = audit_environment(spec.name, environment, rows)
    if "card" in keys:
        write_whole(keys["card"], found.markdown())
    print(json.dumps(asdict(found)) if flags.json else found.markdown(), end="\n" if flags.json else "")
    return 0


def _serve(spec: EnvironmentSpec, environment: Environment, keys: dict[str, Any], _flags: Flags) -> int:
    import uvicorn

    from holdfast.serve.hubs.nemo_gym import NemoGymRoutes
    from holdfast.serve.hubs.openenv import OpenEnvServer
    from holdfast.serve.hubs.ors import OrsRoutes

    server = OpenEnvServer(spec, environment, [keys["split"]] if "split" in keys else list(spec.splits) or [""])
    app = server.app(OrsRoutes(server).routes(), NemoGymRoutes(server).routes())
    host, port = keys.get("host", "127.0.0.1"), keys.get("port", 8000)
    uvicorn.run(app, host=host, port=port, log_level="warning", ws_ping_interval=60.0, ws_ping_timeout=600.0)
    return 0


def _export(spec: EnvironmentSpec, environment: Environment, keys: dict[str, Any], flags: Flags) -> int:
    from holdfast.benchmarks.environments.rows import Rows
    from holdfast.serve.hubs.export import export

    if not isinstance(environment, Rows):
        raise UsageError("`holdfast env export` writes rows and a reward (rows:FILE reward=NAME); serve what has turns")
    for key in ("format", "out"):
        if key not in keys:
            raise UsageError(f"`holdfast env export` needs {key}=…")
    described = environment.reward.describe()
    reward = {"reward": described["name"], **described["options"]}
    rows = [
        {**row["record"], "prompt": row["prompt"], "reference": row["reference"]}
        for row in environment.tasks(keys.get("split", spec.first_split))
    ]
    written = export(keys["format"], rows, reward, keys["out"], environment.path.stem)
    print(json.dumps({"written": [str(path) for path in written]}) if flags.json else f"{len(written)} files written")
    return 0


def _row(environment: Environment, split: str, task: str | None) -> Row:
    if task is not None:
        return find_row(environment, split, task)
    row = next(iter(environment.tasks(split)), None)
    if row is None:
        raise DataError(f"the split {split!r} has no task")
    return row


def _begin(environment: Environment, rows: Sequence[Row]) -> dict[str, Any]:
    if not rows:
        raise DataError("the environment has no task")
    episode = environment.open(rows[0], 0)
    try:
        return {"task": rows[0]["key"], "messages": list(episode.messages), "tools": list(episode.tools)}
    finally:
        episode.close()


def _print_messages(messages: Sequence[Message]) -> None:
    for message in messages:
        lines = message_text(message).splitlines() or [""]
        print(f"  {message['role']:<9} " + "\n            ".join(lines))
