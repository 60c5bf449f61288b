"""Holdfast: post-train a model on one skill and know, with evidence, what happened to all the others."""

from holdfast import moved
from holdfast.errors import DataError, HoldfastError, UsageError
from holdfast.registry import register
from holdfast.reward import Reward
from holdfast.sample import Outcome, Sample, Score

__version__ = "0.3.0"
__all__ = ["DataError", "HoldfastError", "Outcome", "Reward", "Sample", "Score", "UsageError", "register"]
moved.install()
