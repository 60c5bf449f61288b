"""What guard, bisect and mend found in a run, told the same way in the terminal, in Markdown and in HTML.

They write guard/guard.json, bisect/bisect.json and mend/mend.json into the run (holdfast.runs.layout describes the
fields); a part is shown when its file is there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.quantities import count, duration, plural
from holdfast.report import phrases

Record = Mapping[str, Any]
SCHEMA = 1
_ALARMS = 3
"""Told one by one in a sentence; the table has them all."""
FILES = {"guard": "guard/guard.json", "bisect": "bisect/bisect.json", "mend": "mend/mend.json"}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the story: sentences, and a table with as many cells per row as heads."""

    key: str
    title: str
    lede: str
    sentences: tuple[str, ...]
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    record: Record | None = None
    """None when the file cannot be shown, which `said` explains."""


def read_story(run: Path) -> dict[str, Any]:
    """The records that lie in a run's directory, by kind. An unreadable one is told of, not raised."""
    from holdfast.errors import DataError
    from holdfast.files import read_json

    found: dict[str, Any] = {}
    for kind, file in FILES.items():
        if (run / file).is_file():
            try:
                found[kind] = read_json(run / file)
            except DataError as error:
                found[kind] = {"schema": f"unreadable: {error}"}
    return found


def parts(extras: Mapping[str, Any]) -> list[Part]:
    """The parts of the story that `extras` has records for, in the order of events."""
    tell = {"guard": during, "bisect": broke, "mend": cure}
    found = []
    for kind, describe in tell.items():
        record = extras.get(kind)
        if not record:
            continue
        if record.get("schema") != SCHEMA:
            problem = f"{FILES[kind]} cannot be shown: its schema is {record.get('schema')!r:.200}, not {SCHEMA}."
            found.append(Part(kind, _TITLES[kind], "", (problem,)))
            continue
        found.append(describe(record))
    return found


_TITLES = {"guard": "During training", "bisect": "When it broke", "mend": "What it costs to cure"}


def during(record: Record) -> Part:
    """The guard: every look, its evidence, and what it did."""
    looks, skills = record["looks"], record["tasks"]
    lede = (
        f"The guard asked the skills again as training went on. Evidence counts losses of more than "
        f"{phrases.margin(record['margin'] / 100)}; at {record['threshold']:g} a skill counts as broken. However often "
        f"it looks, the chance of any false alarm in the whole training is at most {phrases.share(record['alpha'], 0)}."
    )
    rows = [(task, *_last_look(task, record)) for task in skills]
    heads = ("Skill", "Looks", "Items", "Lost", "Gained", "Change in points, last look", "Strongest evidence", "Note")
    return Part("guard", _TITLES["guard"], lede, (_guarded(record), _cost(record, looks)), heads, tuple(rows), record)


def _last_look(task: str, record: Record) -> Iterator[str]:
    seen = [look["skills"][task] for look in record["looks"] if task in look["skills"]]
    if not seen:
        yield from ("0", "0", "–", "–", "–", "–", "not looked at")
        return
    yield count(len(seen))
    for name in ("items", "lost", "gained"):
        yield count(sum(one[name] for one in seen))
    yield phrases.points((seen[-1]["now"] - seen[-1]["before"]) / 100)
    yield evidence(max(one["e"] for one in seen))
    alarm = next((look["step"] for look in record["looks"] if task in look["broken"]), None)
    yield "held" if alarm is None else f"alarm at step {alarm}"


def evidence(value: float) -> str:
    """An e-value: two digits while small, then powers of ten."""
    if value < 1e5:
        return f"{value:.2g}" if value < 100 else f"{value:.0f}"
    digit, power = f"{value:.0e}".split("e")
    return f"{digit}e{int(power)}"


def _guarded(record: Record) -> str:
    acted, looks = record["acted"], record["looks"]
    if not acted:
        last = f" (the last at step {looks[-1]['step']})" if looks else ""
        return f"The guard raised no alarm in {plural(len(looks), 'look')}{last}."
    if acted["policy"] == "warn":
        return f"The guard warned, and the training went on: {_alarms(record)}."
    did = "stopped the training" if acted["policy"] == "stop" else ""
    did = did or f"went back to the weights of step {acted.get('restored_step', 0)}, and stopped the training"
    return f"At step {acted['step']} the guard {did}: {_listed(acted['broken'])} had broken."


def alarms(record: Record) -> list[tuple[int, list[str]]]:
    """(step, skills whose alarm was raised there)."""
    return [(look["step"], list(look["broken"])) for look in record["looks"] if look["broken"]]


def _alarms(record: Record) -> str:
    raised = alarms(record)
    alarms_shown = [f"{_listed(tasks)} broken at step {step}" for step, tasks in raised[:_ALARMS]]
    more = sum(len(tasks) for _, tasks in raised[_ALARMS:])
    return ", ".join(alarms_shown) + (f", and {plural(more, 'more skill')} later" if more else "")


def _cost(record: Record, looks: list[Any]) -> str:
    seconds = sum(look["seconds"] for look in looks) + sum(g["seconds"] for g in record.get("glances") or ())
    start = record.get("start_seconds", 0.0)
    return (
        f"{plural(len(looks), 'look')} took {duration(seconds)},"
        f" the measurement at the start {duration(start)}; "
        f"the last step at which no skill had lost more than the margin: {record['good_step']}."
    )


def broke(record: Record) -> Part:
    """Bisect: between which checkpoints each regressed skill broke."""
    breaks, checkpoints = record["breaks"], record["checkpoints"]
    lede = (
        f"Of {plural(len(checkpoints), 'saved checkpoint')}, {len(record['looks'])} were measured, by halving, "
        "and each was compared with the base model by the gate's own test."
    )
    sentences = tuple(minus(one["sentence"]) for one in breaks) or (
        "No held skill regressed: there was nothing to date.",
    )
    heads = ("Skill", "Surely held until", "No drop proven until", "Broken at", "Change in points there", "p", "Note")
    rows = tuple(_break(one) for one in breaks)
    return Part("bisect", _TITLES["bisect"], lede, sentences, heads, rows, record)


def _break(one: Record) -> tuple[str, ...]:
    recovered = ", ".join(str(step) for step in one["recovered_at"])
    return (
        one["task"],
        _step(one["clear_at"]),
        _step(one["held_at"]),
        "–" if one["broken_at"] is None else _step(one["broken_at"]),
        f"{phrases.points(one['difference'])} {_interval(one['interval'])}",
        phrases.probability(one["p"]),
        f"no drop proven again at step {recovered}" if recovered else "",
    )


def _step(step: int) -> str:
    return f"step {step}" if step else "the base model"


def cure(record: Record) -> Part:
    """Mend: what keeping the skills costs of the gain."""
    lede = (
        "Points between the base model and the tuned one, judged on one half of the items; the chosen one was "
        "measured again on the other half, which no choice has seen. To pass, a mean drop of "
        f"{phrases.margin(record['margin'] / 100)} must be ruled out."
    )
    rows = tuple(_point(point, record) for point in record["points"])
    heads = ("Point", "Gain", "Held skills, mean", "Worst held skill", "On the choosing half", "Note")
    return Part("mend", _TITLES["mend"], lede, _mended(record), heads, rows, record)


def _point(point: Record, record: Record) -> tuple[str, ...]:
    decision = phrases.DECISIONS.get(point["decision"])
    return (
        point["name"],
        phrases.points(point["gain"]),
        phrases.points(point["held"]),
        minus(point["worst"]) or "–",
        f"{decision.mark} {decision.word}" if decision else str(point["decision"]),
        "← chosen" if point["name"] == record["chosen"] else "",
    )


def _mended(record: Record) -> tuple[str, ...]:
    points = record["points"]
    if not points:
        return ("No held skill regressed: there was nothing to mend.",)
    chosen = next((point for point in points if point["name"] == record["chosen"]), None)
    if chosen is None:
        reason = record.get("reason") or "No point passes: what was gained cannot be had without what was lost."
        return (f"{minus(reason)} Try replay, or fewer steps.", *_confirmed(record))
    most = max(points, key=lambda point: point["gain"])
    kept = f", {phrases.share(chosen['gain'] / most['gain'], 0)} of the largest gain" if most["gain"] > 0 else ""
    sentence = f"Point {chosen['name']} keeps a gain of {phrases.points(chosen['gain'])} points{kept}; "
    sentence += f"the held skills change by {phrases.points(chosen['held'])} on the mean."
    return (sentence, *_confirmed(record))


def _confirmed(record: Record) -> tuple[str, ...]:
    return (f"On the other half: {minus(record['confirmation'])}",) if record["confirmation"] else ()


def minus(text: str) -> str:
    """True minus signs before numbers."""
    return phrases.true_minus(text)


def _interval(limits: list[float]) -> str:
    return f"[{phrases.points(limits[0])}, {phrases.points(limits[1])}]"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
