"""List the rewards, show one, try one, audit one.

usage: holdfast rewards [list]                         list every registered reward
       holdfast rewards show NAME                      its options, version and documentation
       holdfast rewards try NAME COMPLETION REFERENCE  judge one completion and say why
       holdfast rewards validate code FILE             the items whose own reference solution fails its tests
       holdfast rewards audit NAME FILE                error rates on labelled data, and the cheapest texts that score
                                                       (completion= reference= expected= prompt= against= card=)
       holdfast rewards audit GRADER                   what lazy, hedging, wrong and hostile answers earn: of a reward,
                                                       or of anybody's `module:function` or `file.py:function`, in a
                                                       process of its own (python= timeout= items= card=)
       holdfast rewards diff FILE with=GRADER          judge recorded samples under both graders, list the differences
                                                       (GRADER: math_verify, trl, verl, recorded, or a reward's name;
                                                       reward=math completion= reference= prompt= recorded= filter=
                                                       out=)
       holdfast rewards docs FOLDER                    write the generated pages of docs/rewards

COMPLETION and REFERENCE may be `@FILE`; a reference that is a JSON object or array is read as such.
A reward's options are keys: `holdfast rewards try exact_match Paris paris ignore_case=true`.

examples:
  holdfast rewards try math 'so \\boxed{1/2}' 0.5
  holdfast rewards audit math labelled.jsonl expected=label
  holdfast rewards diff samples.jsonl with=math_verify completion=output.0 reference=answer
"""

import inspect
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from holdfast import values
from holdfast.cli.grammar import Flags, plain
from holdfast.errors import DataError, UsageError, unknown
from holdfast.files import write_whole
from holdfast.registry import Spec, lookup, names
from holdfast.reward import Reward
from holdfast.sample import Sample


@dataclass(slots=True)
class Options:
    """Keys of `holdfast rewards`: a reward's own options, and the fields of an audited file."""

    extra: dict[str, str]


ACTIONS = ("list", "show", "try", "validate", "audit", "diff", "docs")
FORMER = {"replay": "diff"}
"""An action's name in the last release → its name now."""


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Dispatch on the first word."""
    if not paths or paths == ["list"]:
        return _list(flags)
    action, rest = FORMER.get(paths[0], paths[0]), paths[1:]
    if action == "try":
        return _try(rest, options, flags)
    if action == "validate":
        return _validate(rest, flags)
    if action == "audit":
        return _audit(rest, options, flags)
    if action == "diff":
        return _diff(rest, options, flags)
    if action == "docs":
        return _docs(rest, flags)
    if action == "show" or (len(paths) == 1 and action in names()):
        return _show(rest if action == "show" else paths, flags)
    raise unknown("action of `holdfast rewards`", action, [*ACTIONS, *names()])


def _list(flags: Flags) -> int:
    specs = [lookup(name) for name in names()]
    if flags.json:
        print(json.dumps({"rewards": [_describe(spec) for spec in specs]}))
        return 0
    width = max(len(spec.name) for spec in specs)
    for spec in specs:
        print(f"{spec.name:<{width}}  {spec.summary}")
    return 0


def _show(arguments: list[str], flags: Flags) -> int:
    if len(arguments) != 1:
        raise UsageError("`holdfast rewards show` takes one name")
    spec = lookup(arguments[0])
    if flags.json:
        print(json.dumps(_describe(spec)))
        return 0
    print(f"{spec.name}  (version {_version(spec)}, judges {_scope(spec)})\n")
    print(inspect.getdoc(spec.function) or "")
    print("\noptions:" if spec.options else "\nno options")
    for option in spec.options.values():
        print(f"  {str(option).replace(chr(39), '')}")
    return 0


def _scope(spec: Spec) -> str:
    return {"sample": "one sample at a time", "batch": "samples in batches", "group": "all completions of a prompt"}[
        spec.scope
    ]


def _version(spec: Spec) -> str:
    return spec.version if isinstance(spec.version, str) else "of its parts"


def _describe(spec: Spec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "version": _version(spec),
        "scope": spec.scope,
        "needs_reference": spec.needs_reference if isinstance(spec.needs_reference, bool) else None,
        "summary": spec.summary,
        "options": {name: str(option) for name, option in spec.options.items()},
    }


def _try(arguments: list[str], options: Options, flags: Flags) -> int:
    if len(arguments) not in (2, 3):
        raise UsageError("`holdfast rewards try` takes NAME COMPLETION [REFERENCE]")
    reward = (
        Reward.from_config(arguments[0]) if arguments[0].endswith((".yaml", ".yml")) else _reward(arguments[0], options)
    )
    reference = _structured(_content(arguments[2])) if len(arguments) == 3 else None
    score = reward.score(Sample(_content(arguments[1]), reference))
    if flags.json:
        shown = {"value": score.value, "outcome": score.outcome, "reason": score.reason, "extracted": score.extracted}
        print(json.dumps({**shown, "parts": dict(score.parts)}))
        return 0
    print(f"{score.outcome}  {'no value' if score.value is None else format(score.value, 'g')}")
    if score.extracted is not None:
        print(f"  extracted  {score.extracted!r}")
    if score.reason:
        print(f"  reason     {score.reason}")
    for part, value in score.parts.items():
        print(f"  part       {part} = {value}")
    return 0


def _reward(name: str, options: Options) -> Reward:
    return Reward(name, **{key: plain(text) for key, text in options.extra.items()})


def _validate(arguments: list[str], flags: Flags) -> int:
    if len(arguments) != 2 or arguments[0] != "code":
        raise UsageError("usage: holdfast rewards validate code FILE")
    from holdfast.rewards.sandbox import validate

    failures = validate(Path(arguments[1]))
    if flags.json:
        print(json.dumps({"failures": [asdict(failure) for failure in failures]}))
    else:
        for failure in failures:
            print(failure)
        print(f"{len(failures)} items fail on their own reference solution")
    return DataError.exit_code if failures else 0


def _audit(arguments: list[str], options: Options, flags: Flags) -> int:
    """Print the card of a reward on a labelled file; `card=FILE` writes it too."""
    if len(arguments) == 1:
        return _audit_grader(arguments[0], options, flags)
    if len(arguments) != 2:
        raise UsageError("usage: holdfast rewards audit NAME [FILE] [expected=FIELD …]")
    from holdfast.scoring.audit import audit, read_labelled

    keys = {key: options.extra.pop(key, default) for key, default in _AUDIT_KEYS.items()}
    reward = _reward(arguments[0], options)
    fields = [keys[key] or "" for key in ("completion", "reference", "expected")]
    rows = read_labelled(Path(arguments[1]), fields[0], fields[1], fields[2], keys["prompt"])
    card = audit(reward, rows, Reward(keys["against"]) if keys["against"] else None)
    if keys["card"]:
        write_whole(Path(keys["card"]), card.markdown())
    print(json.dumps(asdict(card)) if flags.json else card.markdown(), end="\n" if flags.json else "")
    return 0


def _audit_grader(name: str, options: Options, flags: Flags) -> int:
    """Print the card of a grader on questions of our own. The other keys are its options."""
    from holdfast.benchmarks.environments.graders.audit import audit_grader
    from holdfast.benchmarks.environments.graders.corpus import items
    from holdfast.benchmarks.environments.graders.foreign import grader_of

    keys = {key: values.parse(options.extra.pop(key), hint, f"rewards audit {key}=")
            for key, hint in _GRADER_KEYS.items() if key in options.extra}  # fmt: skip
    settings = {key: plain(text) for key, text in options.extra.items()}
    grader = grader_of(name, settings, keys.get("python"), keys.get("timeout", 10.0))
    try:
        card = audit_grader(grader, items(keys.get("items", 24)), name)
    finally:
        grader.close()
    if "card" in keys:
        write_whole(keys["card"], card.markdown())
    print(json.dumps(asdict(card)) if flags.json else card.markdown(), end="\n" if flags.json else "")
    return 0


_GRADER_KEYS: dict[str, Any] = {
    "python": str,
    "timeout": Annotated[float, msgspec.Meta(gt=0)],
    "items": Annotated[int, msgspec.Meta(ge=2)],
    "card": Path,
}
_AUDIT_KEYS: dict[str, str | None] = {
    "completion": "completion",
    "reference": "reference",
    "expected": "expected",
    "prompt": None,
    "against": None,
    "card": None,
}


def _diff(paths: list[str], options: Options, flags: Flags) -> int:
    """Print where another grader and ours differ; `out=FILE` writes every difference as a JSON line."""
    if len(paths) != 1 or "with" not in options.extra:
        raise UsageError("usage: holdfast rewards diff FILE with=GRADER [reward=NAME …]")
    from holdfast.scoring.grader_diff import diff

    keys = {key: options.extra.pop(key, default) for key, default in _DIFF_KEYS.items()}
    name = str(keys["reward"])
    reward = Reward.from_config(name) if name.endswith((".yaml", ".yml")) else _reward(name, options)
    found = diff(Path(paths[0]), str(keys["with"]), reward, keys)
    if keys["out"]:
        write_whole(Path(keys["out"]), "".join(json.dumps(asdict(one)) + "\n" for one in found.differences))
    print(json.dumps(found.to_json()) if flags.json else found)
    return 0


_DIFF_KEYS: dict[str, str | None] = {
    "with": None,
    "reward": "math",
    "completion": "completion",
    "reference": "reference",
    "prompt": None,
    "recorded": None,
    "source": None,
    "filter": None,
    "out": None,
}


def _docs(arguments: list[str], flags: Flags) -> int:
    if len(arguments) != 1:
        raise UsageError("usage: holdfast rewards docs FOLDER")
    from holdfast.scoring.reward_pages import write_docs

    paths = [str(path) for path in write_docs(Path(arguments[0]))]
    print(json.dumps({"written": paths}) if flags.json else f"{len(paths)} pages in {arguments[0]}")
    return 0


def _content(word: str) -> str:
    if not word.startswith("@"):
        return word
    try:
        return Path(word[1:]).read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot read {word[1:]}: {error.strerror}") from error


def _structured(text: str) -> Any:
    """A reference that is written as a JSON object or array is one; anything else is text."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
