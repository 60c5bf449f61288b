"""Coupled sampling: two models draw with the same noise, so that an unchanged model says the same, and a changed one
differs only where its probabilities do (Gumbel-max; arXiv 2502.01754).

The noise of a token depends on the seed, the item, the repeat, the turn, the position in the answer and the token's
number, not on the model, the batch or the device: integer arithmetic all the way to the last logarithm. Added to log
probabilities after temperature, top-k and top-p, the largest sum is a draw from them exactly.
"""

from typing import Any

from holdfast.files import digest

_MIX = (-7046029254386353131, -4658895280553007687, -7723592293110705685)
"""Odd constants of splitmix64 (Steele, Lea and Flood, OOPSLA 2014), as signed 64-bit integers."""


def noise_key(seed: int | None, task: str, item: str, repeat: int, turn: int) -> int:
    """What the noise of one answer depends on besides position and token: a signed 64-bit integer. `item`: its hash."""
    return int(digest([seed, task, item, repeat, turn]), 16) - 2**63


def gumbel(keys: Any, position: Any, tokens: int) -> Any:
    """Standard Gumbel noise (rows, tokens) for the answers of `keys` (rows,), at one position, or at one of each row
    (rows,). Float64."""
    import torch

    places = torch.as_tensor(position, device=keys.device, dtype=torch.int64).reshape(-1, 1)
    position_bits = _mixed(keys.unsqueeze(1) + (places + 1) * _MIX[0])
    numbers = torch.arange(1, tokens + 1, device=keys.device, dtype=torch.int64) * _MIX[0]
    bits = _mixed(position_bits + numbers.unsqueeze(0))
    uniform = (_shifted(bits, 11).to(torch.float64) + 0.5) / 2**53
    return -torch.log(-torch.log(uniform))


def _mixed(value: Any) -> Any:
    """splitmix64's finalizer; products wrap around."""
    value = (value ^ _shifted(value, 30)) * _MIX[1]
    value = (value ^ _shifted(value, 27)) * _MIX[2]
    return value ^ _shifted(value, 31)


def _shifted(value: Any, count: int) -> Any:
    """A logical shift to the right: torch's own keeps the sign."""
    return (value >> count) & ((1 << (64 - count)) - 1)
