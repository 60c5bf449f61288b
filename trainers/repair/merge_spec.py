"""A recipe: how a mended model is made of the base and the tuned one, and the groups of layers it may treat apart."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from holdfast.errors import unknown

Grouping = Literal["kind", "depth"]
GROUPS: dict[str, tuple[str, ...]] = {
    "kind": ("embedding", "attention", "mlp", "other"),
    "depth": ("early", "middle", "late"),
}

_KINDS = (
    ("embedding", re.compile(r"embed|wte|wpe|lm_head|output_projection")),
    ("attention", re.compile(r"attn|attention|mixer")),
    ("mlp", re.compile(r"mlp|feed_forward|ffn|experts|fc\d")),
)
_LAYER = re.compile(r"\.(?:layers|h|blocks|block)\.(\d+)\.")


@dataclass(frozen=True)
class Recipe:
    """θ = θ_base + w(group of layers) · trimmed(θ_tuned − θ_base), then replay.

    Trimming keeps, of every tensor, the largest changes (TIES, arXiv 2306.01708, with one task vector: there is no
    sign to elect).
    """

    weights: tuple[tuple[str, float], ...]
    """(group, weight); the one group `all` for the plain line."""
    density: float = 1.0
    """Share of the changes that is kept."""
    steps: int = 0
    """Replay steps trained from there."""

    @classmethod
    def line(cls, weight: float, density: float = 1.0) -> "Recipe":
        """A point of the line between base (0) and tuned (1)."""
        return cls((("all", weight),), density)

    @property
    def weight(self) -> float | None:
        """The place on the line, for the plain one."""
        return self.weights[0][1] if len(self.weights) == 1 else None

    @property
    def name(self) -> str:
        """Short and unique, good for a directory."""
        parts = [f"{w:g}" if group == "all" else f"{group}={w:g}" for group, w in self.weights]
        parts += [f"density={self.density:g}"] if self.density < 1 else []
        return ",".join([*parts, *([f"replay={self.steps}"] if self.steps else [])])

    def split(self, grouping: str) -> "Recipe":
        """This recipe with a weight per group."""
        return Recipe(tuple((group, self.weight or 0.0) for group in GROUPS[grouping]), self.density, self.steps)

    def changed(self, group: str, weight: float) -> "Recipe":
        """This recipe with another weight of one group."""
        return Recipe(tuple((g, weight if g == group else w) for g, w in self.weights), self.density, self.steps)


def check_grouping(grouping: str) -> None:
    """Raise UsageError naming the nearest grouping."""
    if grouping not in get_args(Grouping):
        raise unknown("groups", grouping, get_args(Grouping))


def weight_of(recipe: Recipe, tensor: str, layers: int) -> float:
    """The weight of a tensor. `layers`: how many the model has."""
    weights = dict(recipe.weights)
    if "all" in weights:
        return weights["all"]
    return weights[depth_of(tensor, layers) if "early" in weights else kind_of(tensor)]


def kind_of(tensor: str) -> str:
    """`embedding`, `attention`, `mlp`, or `other` (norms outside of these)."""
    return next((kind for kind, pattern in _KINDS if pattern.search(tensor)), "other")


def depth_of(tensor: str, layers: int) -> str:
    """Thirds of the layers; embeddings are early, the head and the last norm late."""
    found = _LAYER.search(tensor)
    if found is None:
        return "early" if re.search(r"embed|wte|wpe", tensor) else "late"
    return ("early", "middle", "late")[min(2, 3 * int(found[1]) // max(1, layers))]


def layer_count(names: list[str]) -> int:
    """The number of a model's layers, by its tensors' names."""
    return 1 + max((int(found[1]) for name in names if (found := _LAYER.search(name))), default=0)
