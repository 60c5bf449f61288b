"""Coupled sampling in transformers' generate: greedy decoding of warped log probabilities plus noise of our own."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from transformers import LogitsProcessor, LogitsProcessorList
from transformers.generation import logits_process

from holdfast.benchmarks.decoding.coupled import gumbel
from holdfast.errors import UsageError

WARPERS: Mapping[str, tuple[str, tuple[Any, ...]]] = {  # argument: (its class, values without effect), in their order
    "temperature": ("TemperatureLogitsWarper", (None, 1.0)),
    "top_h": ("TopHLogitsWarper", (None,)),
    "top_k": ("TopKLogitsWarper", (None, 0)),
    "top_p": ("TopPLogitsWarper", (None, 1.0)),
    "min_p": ("MinPLogitsWarper", (None,)),
    "typical_p": ("TypicalLogitsWarper", (None, 1.0)),
    "epsilon_cutoff": ("EpsilonLogitsWarper", (None, 0.0, 1.0)),
    "eta_cutoff": ("EtaLogitsWarper", (None, 0.0, 1.0)),
}
WARPED = frozenset({*WARPERS, "do_sample"})
"""The arguments of generate that `CoupledSampling` takes over."""
_DEFAULTS = {"top_k": 50}
"""What transformers itself uses where nobody says otherwise."""
_OTHER_RULES = (
    *("num_beams", "num_beam_groups", "penalty_alpha", "dola_layers", "watermarking_config"),
    *("prompt_lookup_num_tokens", "constraints", "force_words_ids", "assistant_early_exit"),
)
"""Arguments under which an answer is more than a draw for one token after the other."""


DRAFTED = frozenset({"temperature", "top_k", "top_p", "min_p"})
"""The warpers under which it is known which tokens rounding could bring in or leave out."""


class CoupledSampling(LogitsProcessor):  # type: ignore[misc, unused-ignore]
    """Scores (rows, tokens) plus noise, of which the largest is a draw: for generate(do_sample=False). Penalties and
    the like come before it, as they do before transformers' own draws."""

    def __init__(self, keys: Any, width: int, sampling: Mapping[str, Any], config: Any) -> None:
        """`keys` (rows,): the noise keys of the answers; `width`: tokens of the padded prompts; `sampling`: arguments
        as generate takes them; `config`: the model's generation config, for those that are not given.

        Raises UsageError for a rule of decoding that is no draw.
        """
        self._keys, self._width = keys, width
        refuse_other_rules(sampling, config)
        self._warpers = LogitsProcessorList()
        self._given: dict[str, Any] = {}
        for name, (kind, idle) in WARPERS.items():
            value = sampling.get(name, getattr(config, name, None))
            value = _DEFAULTS.get(name) if value is None else value
            if value not in idle:
                self._given[name] = value
                extra = {"device": keys.device} if name == "eta_cutoff" else {}
                self._warpers.append(getattr(logits_process, kind)(value, **extra))

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """The warped log probabilities plus the noise of this position."""
        warped = self._warpers(input_ids, scores.float())
        noise = gumbel(self._keys, input_ids.shape[1] - self._width, scores.shape[1])
        return torch.log_softmax(warped.double(), dim=-1) + noise

    def choice(self, logits: Any, rows: Any, positions: Any, epsilon: float) -> tuple[Any, Any]:
        """`drafts.Choice`: the draws for answers `rows` at `positions`. Shapes: logits (n, tokens), the others (n,)."""
        warped = self._warpers(None, logits.clone())
        noise = gumbel(self._keys[rows], positions, logits.shape[1])
        tops = torch.topk(torch.log_softmax(warped.double(), dim=-1) + noise, 2, dim=-1)
        temperature = float(self._given.get("temperature", 1.0))
        scaled = logits.double() / temperature
        sums = scaled + noise
        rivals = sums >= sums.gather(1, tops.indices[:, :1]) - 2 * epsilon / temperature
        unsure = (rivals & self._near(scaled, 2 * epsilon / temperature)).any(dim=-1)
        leads = (tops.values[:, 0] - tops.values[:, 1]) * temperature
        return tops.indices[:, 0], torch.where(unsure, 0.0, leads)

    def _near(self, scaled: Any, width: float) -> Any:
        """The tokens (n, tokens) that logits off by `width` could bring in, or leave out, at some warper."""
        near = torch.zeros_like(scaled, dtype=torch.bool)
        kept = scaled
        if "top_k" in self._given:
            edge = scaled.topk(min(int(self._given["top_k"]), scaled.shape[1])).values[:, -1:]
            near |= (scaled - edge).abs() <= width
            kept = scaled.masked_fill(scaled < edge, -torch.inf)
        if "top_p" in self._given:
            chances, order = kept.softmax(dim=-1).sort(dim=-1, descending=True)
            before = chances.cumsum(dim=-1) - chances
            edges = (before - float(self._given["top_p"])).abs() <= 2 * width
            near |= torch.zeros_like(near).scatter(1, order, edges)
        if "min_p" in self._given:
            edge = scaled.amax(dim=-1, keepdim=True) + math.log(float(self._given["min_p"]))
            near |= (scaled - edge).abs() <= width
        return near


def refuse_other_rules(sampling: Mapping[str, Any], config: Any) -> None:
    """Raise UsageError for an argument, given or of the model's file, with which noise of ours decides nothing."""
    for name in _OTHER_RULES:
        value = sampling.get(name, getattr(config, name, None))
        if value not in (None, 0, 1, [], {}):
            raise UsageError(f"sampling.coupled draws one token after the other: {name}={value} does not go with it")
