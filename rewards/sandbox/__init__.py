"""The sandbox: runs programs nobody trusts. `execute` runs one; `Reward("code")` judges them by tests."""

from holdfast.rewards.sandbox.backends.choice import Engine
from holdfast.rewards.sandbox.execution import Execution, execute
from holdfast.rewards.sandbox.limits import Limits
from holdfast.rewards.sandbox.pool import close_pools
from holdfast.rewards.sandbox.validation import validate

__all__ = ["Engine", "Execution", "Limits", "close_pools", "execute", "validate"]
