from holdfast.rewards.instructions.check import Checker

CHECKERS: dict[str, Checker] = {}
