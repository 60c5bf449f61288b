"""Secondary numbers of a task: what repeats say (avg@k, pass@k, pass^k, maj@k), and the parts of scores."""

from collections import Counter
from collections.abc import Iterable, Sequence

from holdfast.runs.row import Row
from holdfast.sample import final_text
from holdfast.stats.length_control import length_controlled
from holdfast.stats.pass_at_k import pass_at_k, pass_hat_k


def secondary_metrics(rows: Sequence[Row], k: Sequence[int] = ()) -> dict[str, float]:
    """avg@n over all repeats, and pass@k, pass^k and maj@k for each of `k` (by default 1 and the number of repeats);
    empty for a task answered once. Rows that could not be judged are left out."""
    groups = by_item(rows)
    most = max((len(group) for group in groups), default=0)
    if most <= 1:
        return {}
    found = {f"avg@{most}": _mean(_mean([float(r.score or 0.0) for r in group]) for group in groups)}
    for one in sorted(set(k) or {1, most}):
        whole = [group for group in groups if len(group) >= one]
        if whole:
            found[f"pass@{one}"] = _mean(float(pass_at_k(len(g), _correct_count(g), one)) for g in whole)
            found[f"pass^{one}"] = _mean(float(pass_hat_k(len(g), _correct_count(g), one)) for g in whole)
            found[f"maj@{one}"] = _mean(majority(g[:one]) for g in whole)
    return found


def length_controlled_metrics(rows: Iterable[Row]) -> dict[str, float]:
    """The length-controlled win rate of rows judged against a baseline's text (their reference), with its interval;
    empty where it cannot be fitted."""
    judged = [row for row in rows if row.score is not None and isinstance(row.reference, str)]
    found = length_controlled(
        [float(row.score or 0.0) for row in judged],
        [len(final_text(row.completion)) for row in judged],
        [len(str(row.reference)) for row in judged],
    )
    if found is None:
        return {}
    return {
        "length_controlled_win_rate": found.win_rate,
        "length_controlled_low": found.low,
        "length_controlled_high": found.high,
    }


def by_item(rows: Iterable[Row]) -> list[list[Row]]:
    """The judged rows of each item, in the order of repeats."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if row.score is not None:
            groups.setdefault(row.doc_id, []).append(row)
    return [sorted(group, key=lambda row: row.repeat) for group in groups.values()]


def majority(rows: Sequence[Row]) -> float:
    """Score of the most frequent extracted answer; answers that tie count with their mean, the expectation of drawing
    one (NeMo-Skills' majority@k). Completions without an answer do not vote; 0 when none has one."""
    answers = [(row.extracted, float(row.score or 0.0)) for row in rows if row.extracted]
    if not answers:
        return 0.0
    votes = Counter(answer for answer, _ in answers)
    most = max(votes.values())
    scores = {answer: score for answer, score in reversed(answers) if votes[answer] == most}
    return _mean(scores.values())


def _correct_count(rows: Sequence[Row]) -> int:
    return sum(row.score == 1.0 for row in rows)


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0
