"""Which points to measure, and which to take. Pure: `judge` measures a recipe on the selection half."""

from collections.abc import Callable, Sequence

from holdfast.trainers.repair.interpolation import Point, names
from holdfast.trainers.repair.merge_spec import GROUPS, Recipe

Judge = Callable[[Recipe], Point]


def along_the_line(judge: Judge, weights: Sequence[float]) -> list[Point]:
    """The given points of the line, and one more between the farthest that passes and the next."""
    points = [judge(Recipe.line(weight)) for weight in sorted(set(weights))]
    passing = [i for i, point in enumerate(points) if point.passes]
    if passing and passing[-1] < len(points) - 1:
        here, beyond = (points[i].recipe.weight or 0.0 for i in (passing[-1], passing[-1] + 1))
        points.insert(passing[-1] + 1, judge(Recipe.line(round((here + beyond) / 2, 4))))
    return points


def trimmed(judge: Judge, points: Sequence[Point], densities: Sequence[float]) -> list[Point]:
    """Each density at the best point's weight and at the next larger one that was measured."""
    weights = sorted(point.recipe.weight or 0.0 for point in points)
    best = start(points).recipe.weight or 0.0
    tried = [best, *[w for w in weights if w > best][:1]]
    return [judge(Recipe.line(weight, density)) for density in densities for weight in tried]


def by_groups(judge: Judge, points: Sequence[Point], grouping: str, budget: int) -> list[Point]:
    """A coordinate search from the point nearest to the goal: one group's weight is moved at a time, by ever smaller
    steps, and stays where that is better; at most `budget` points."""
    here = max([p for p in points if p.recipe.weight != 0] or points, key=nearness)
    recipe, seen = here.recipe.split(grouping), names(points)
    found: list[Point] = []
    for step in (0.3, 0.15, 0.075):
        for group in GROUPS[grouping]:
            for sign in (1, -1):
                moved = round(min(1.0, max(0.0, dict(recipe.weights)[group] + sign * step)), 4)
                candidate = recipe.changed(group, moved)
                if len(found) >= budget or candidate.name in seen or moved == dict(recipe.weights)[group]:
                    continue
                seen.add(candidate.name)
                found.append(judge(candidate))
                if nearness(found[-1]) > nearness(here):
                    here, recipe = found[-1], candidate
                    break
    return found


def rank(point: Point) -> tuple[bool, float, float]:
    """Passing points first, by their gain; of the others, those that lost least for what they gained."""
    return point.passes, point.gain if point.passes else point.gain + point.held, -(point.recipe.weight or 0.0)


def nearness(point: Point) -> tuple[bool, float]:
    """Passing points first, by their gain; of the others, those whose tasks gained most and lost least in all."""
    return point.passes, point.gain if point.passes else sum(change for _, change in point.differences)


def start(points: Sequence[Point]) -> Point:
    """The best point, passing or not, to search on from; not the base model itself."""
    return max([p for p in points if p.recipe.weight != 0] or points, key=rank)


def best(points: Sequence[Point]) -> Point | None:
    """The passing point with the greatest gain; None when none passes, or none that gains anything (the base model
    always passes)."""
    cures = (p for p in points if p.passes and p.recipe.weight != 0 and (p.gain > 0 or not p.aimed))
    return max(cures, key=rank, default=None)
