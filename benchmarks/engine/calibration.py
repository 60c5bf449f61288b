"""How well a model's probabilities of the options fit what is right: expected calibration error and Brier score."""

from collections.abc import Mapping, Sequence
from math import exp

from holdfast.runs.row import Row

_PREFIX = "logprob_"
_BINS = 10


def calibration_metrics(rows: Sequence[Row]) -> dict[str, float]:
    """`ece` (ten bins of equal width; Guo et al. 2017) and `brier` (summed over the options, 0 to 2; Brier 1950) of the
    rows that hold each option's log-likelihood; empty where there are none. The probabilities are among the options."""
    judged = [(row, found) for row in rows if row.score is not None and (found := probabilities(row.parts))]
    if not judged:
        return {}
    bins: list[list[tuple[float, float]]] = [[] for _ in range(_BINS)]
    brier = 0.0
    for row, chances in judged:
        surest = max(chances.values())
        bins[min(int(surest * _BINS), _BINS - 1)].append((surest, float(row.score or 0.0)))
        brier += sum((chance - (label == str(row.reference))) ** 2 for label, chance in chances.items())
    gaps = [abs(sum(sure for sure, _ in one) - sum(right for _, right in one)) for one in bins]
    return {"ece": sum(gaps) / len(judged), "brier": brier / len(judged)}


def probabilities(parts: Mapping[str, float | None]) -> dict[str, float]:
    """The probability of each option among the options; empty without log-likelihoods."""
    values = {name.removeprefix(_PREFIX): value for name, value in parts.items() if name.startswith(_PREFIX)}
    known = {label: value for label, value in values.items() if value is not None}
    if len(known) < 2:
        return {}
    top = max(known.values())
    weights = {label: exp(value - top) for label, value in known.items()}
    total = sum(weights.values())
    return {label: weight / total for label, weight in weights.items()}
