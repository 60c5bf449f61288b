"""lm-eval's model of transformers (`HFLM`) that keeps what lm-eval does not tell: how long each answer was, whether it
was cut, whether its prompt was. Importing this module imports torch, transformers and lm-eval."""

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from types import MappingProxyType
from typing import Any

import torch
import torch.distributed as dist
from lm_eval.models.huggingface import HFLM
from transformers import LogitsProcessorList, StoppingCriteriaList

from holdfast.benchmarks.decoding.drafts import Drafter, Request, largest
from holdfast.benchmarks.decoding.shared_prefix import keeps_every_token, logits_from, prefilled, shareable
from holdfast.benchmarks.lm_eval_fence.coupled_sampling import WARPED, CoupledSampling
from holdfast.benchmarks.lm_eval_fence.prompt_tokens import added_ends, begins
from holdfast.benchmarks.lm_eval_fence.stop_texts import Stops, StopTexts
from holdfast.errors import DataError
from holdfast.rewards.answers.thinking import MARKERS

_SPECIAL = re.compile(r"<[^<>]+>|\[[^\[\]]+\]|◁[^▷]+▷")
"""The tokens that a marker of a thought is made of."""
_KEPT_ENCODINGS = 64
"""Texts whose tokens are remembered."""


def in_order(prompts: Sequence[str], values: Mapping[str, Sequence[Any]]) -> list[Any]:
    """The value of each prompt: of equal prompts the first has the first value, and so on."""
    waiting = {prompt: deque(given) for prompt, given in values.items()}
    return [waiting[prompt].popleft() for prompt in prompts]


class Lockstep:
    """Tells processes that share one model's weights whether any of them still computes."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def busy(self, computing: bool) -> bool:
        """Whether any process is about to compute; all call this equally often."""
        flag = torch.tensor([float(computing)], device=self._device)
        dist.all_reduce(flag)
        return bool(flag.item())


class RecordingHFLM(HFLM):  # type: ignore[misc, unused-ignore]
    """Keeps lengths and cuts of the last batch; keeps step with other processes where weights are spread."""

    lockstep: Lockstep | None = None
    noise_keys: Mapping[str, Sequence[int]] = MappingProxyType({})
    """The noise keys of the answers to the batch's prompts, in order, where sampling is coupled."""
    drafter: Drafter | None = None
    drafts: Mapping[str, Sequence[Sequence[int]]] = MappingProxyType({})
    """For each of the batch's prompts the tokens of a related model's answers, in order."""

    _first = 0
    """The first position whose logits the log-likelihoods asked for need."""

    @cached_property
    def shares_prefixes(self) -> bool:
        """Whether what a batch's prompts begin with is computed once. Not where processes share the weights: they must
        make equally many passes."""
        return self.lockstep is None and self.backend == "causal" and keeps_every_token(self.model)

    def _model_call(self, inps: Any, *rest: Any, **options: Any) -> Any:
        if self.lockstep:
            self.lockstep.busy(True)
        if rest or options or not self.shares_prefixes:
            return super()._model_call(inps, *rest, **options)
        with self._computing():
            return logits_from(self.model, inps, self._first)

    def _loglikelihood_tokens(self, requests: Any, disable_tqdm: bool = True, override_bs: Any = None) -> Any:
        read = [(len(start) + len(end) - 1, len(end)) for _, start, end in requests]
        self._first = min((min(tokens, self.max_length) - asked for tokens, asked in read), default=0)
        return super()._loglikelihood_tokens(requests, disable_tqdm=True, override_bs=override_bs)

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """Without gradients, in the precision that the model was loaded for."""
        mixed = self.mixed_precision_dtype
        with torch.no_grad(), torch.autocast(device_type=self.device.type, dtype=mixed, enabled=mixed is not None):
            yield

    def await_others(self) -> None:
        """Lend this process's shard until the others have compared their options, too: they need not have made as
        many forward passes. (In generating, transformers sees to that: synced_gpus.)"""
        while self.lockstep and self.lockstep.busy(False):
            super()._model_call(torch.zeros((1, 1), dtype=torch.long, device=self.device))

    def tok_encode(self, string: str, add_special_tokens: "bool | None" = None, **options: Any) -> list[int]:
        """The parent's tokens, less the end tokens that the tokenizer puts behind every text. Those of the last texts
        are kept: every option of a question is read behind the same context."""
        key = (string, add_special_tokens, *sorted(options.items()))
        if key not in self._encodings:
            if len(self._encodings) >= _KEPT_ENCODINGS:
                self._encodings.clear()
            self._encodings[key] = self._encoded(string, add_special_tokens, **options)
        return list(self._encodings[key])

    @cached_property
    def _encodings(self) -> dict[tuple[Any, ...], list[int]]:
        return {}

    def _encoded(self, string: str, add_special_tokens: "bool | None" = None, **options: Any) -> list[int]:
        tokens = list(super().tok_encode(string, add_special_tokens=add_special_tokens, **options))
        framed = add_special_tokens is None and not begins(self.tokenizer, string)
        self._check_known(max(tokens, default=0))
        return tokens[: len(tokens) - self._ends_added] if framed else tokens

    def _check_known(self, token: int) -> None:
        """Raise DataError for a token that the model has no weights of: its tokenizer is another's, or was extended."""
        embeddings = self.model.get_input_embeddings()
        rows = embeddings.weight.shape[0] if embeddings is not None and embeddings.weight.ndim == 2 else None
        if rows and token >= rows:
            raise DataError(
                f"the tokenizer has token {token} ({self.tokenizer.convert_ids_to_tokens(token)!r}), the model weights "
                f"of {rows} tokens only: name the right tokenizer with tokenizer=…, or resize the model's embeddings"
            )

    @cached_property
    def _ends_added(self) -> int:
        """End tokens that the tokenizer puts behind every prompt: the model is never given them."""
        return added_ends(self.tokenizer)

    def tok_batch_encode(self, strings: Any, **options: Any) -> Any:
        """The parent's encoding; remembers the prompts and which of them were cut."""
        ids, mask = super().tok_batch_encode(strings, **{**options, "left_truncate_len": None})
        if self._ends_added and not begins(self.tokenizer, strings[0]):
            ids, mask = ids[:, : -self._ends_added], mask[:, : -self._ends_added]
        self._check_known(int(ids.max()) if ids.numel() else 0)
        limit = options.get("left_truncate_len") or ids.shape[1]
        self._prompts = list(strings)
        self._cut = [int(length) > limit for length in mask.sum(dim=1).tolist()]
        return ids[:, -limit:], mask[:, -limit:]

    def _model_generate(self, context: Any, max_length: int, stop: Any, **options: Any) -> Any:
        if self.lockstep:
            options["synced_gpus"] = True
        end = self.tok_decode([self.eot_token_id], skip_special_tokens=False)
        budget = max_length - context.shape[1]
        if self.drafter is not None:
            rows = self._with_drafts(context, budget, [text for text in stop if text != end], stop, options)
            self._answers = rows[:, context.shape[1] :].tolist()
            return rows
        rows = self._plain(context, budget, stop, options)
        self._answers = rows[:, context.shape[1] :].tolist()
        return rows

    def _plain(self, context: Any, budget: int, stop: Any, options: Any) -> Any:
        options = dict(options)
        end = self.tok_decode([self.eot_token_id], skip_special_tokens=False)
        if any(text != end for text in stop):
            ends = StopTexts(self._stops(tuple(stop)), context.shape[1], context.shape[0])
            options["stopping_criteria"] = StoppingCriteriaList([ends])
        else:  # lm-eval would decode every row at every step to look for the end token's text
            options["eos_token_id"] = sorted(
                self.ends() - {self.tokenizer.pad_token_id} | {self.tokenizer.eos_token_id} - {None}
            )
        return self._to_the_budget(context, budget, options)

    def _with_drafts(self, context: Any, budget: int, own: Sequence[str], stop: Any, options: Any) -> Any:
        """The rows of `_plain`, of which the drafts' part is checked rather than decoded."""
        assert self.drafter is not None
        ends = self._generation_ends(bool(own))
        pad = self.tokenizer.pad_token_id
        mask = options["attention_mask"].long()
        width = context.shape[1]

        def decode_again(numbers: Sequence[int]) -> list[list[int]]:
            chosen = list(numbers)
            own_mask = {**options, "attention_mask": options["attention_mask"][chosen], "rows": chosen}
            rows: list[list[int]] = self._plain(context[chosen], budget, stop, own_mask)[:, width:].tolist()
            return rows

        drafts = in_order(self._prompts, self.drafts)
        stopped = self._stop_check(own) if own else None
        choice = self._noise(context, options).choice if options.get("do_sample") else largest
        new = self.drafter.decode(Request(context, mask, budget, ends, drafts, stopped, choice), decode_again)
        longest = max(map(len, new))
        filled = [tokens + [pad or 0] * (longest - len(tokens)) for tokens in new]
        return torch.cat([context, torch.tensor(filled, dtype=context.dtype, device=context.device)], dim=1)

    def _generation_ends(self, with_stops: bool) -> frozenset[int]:
        """The tokens at which `_plain` ends a row: the model's own where there are stop strings, else all that end an
        answer."""
        configured = getattr(self.model.generation_config, "eos_token_id", None)
        own = configured if isinstance(configured, list) else [configured]
        if with_stops and configured is not None:
            return frozenset(own)
        return frozenset(self.ends() - {self.tokenizer.pad_token_id} | {self.tokenizer.eos_token_id} - {None})

    def _stop_check(self, stops: Sequence[str]) -> Callable[[Sequence[int], bool], bool]:
        """Whether new tokens hold a stop string: anywhere, or among the last ones."""
        own = self._stops(tuple(stops))

        def stopped(tokens: Sequence[int], whole: bool) -> bool:
            if whole:
                return own.within(tokens)
            return own.may_end(tokens[-1]) and own.within(tokens[-own.lookback :])

        return stopped

    def _stops(self, texts: tuple[str, ...]) -> Stops:
        held: dict[tuple[str, ...], Stops] = self.__dict__.setdefault("_known_stops", {})
        if texts not in held:
            held[texts] = Stops(self.tokenizer, texts)
        return held[texts]

    def _to_the_budget(self, context: Any, budget: int, options: dict[str, Any]) -> Any:
        """At most `budget` new tokens, whatever the model's generation_config.json says about lengths."""
        sampling = dict(options)
        rows = sampling.pop("rows", None)
        if sampling.get("do_sample") and self.noise_keys:
            sampling = self._coupled(context, sampling, rows)
        if not sampling.get("do_sample"):
            sampling.pop("temperature", None)
        if getattr(self.model.generation_config, "stop_strings", None):
            sampling["tokenizer"] = self.tokenizer
        with self._computing():
            context, sampling = self._shared(context, sampling)
            return self.model.generate(
                input_ids=context,
                max_new_tokens=budget,
                num_return_sequences=1,
                return_dict_in_generate=False,
                pad_token_id=self.tokenizer.pad_token_id,
                use_cache=True,
                **sampling,
            )

    def _shared(self, context: Any, sampling: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The same generation, its prompts' common beginning computed, where that is worth it."""
        mask = sampling.get("attention_mask")
        if mask is None or not self.shares_prefixes or not shareable(sampling, self.model.generation_config):
            return context, sampling
        found = prefilled(self.model, context, mask)
        if found is None:
            return context, sampling
        ids, mask, cache = found
        return ids, {**sampling, "attention_mask": mask, "past_key_values": cache}

    def _coupled(self, context: Any, sampling: dict[str, Any], rows: Sequence[int] | None) -> dict[str, Any]:
        """The same arguments with the noise of the batch's answers, or those of `rows`, instead of torch's."""
        noise = self._noise(context, sampling, rows)
        rest = {name: value for name, value in sampling.items() if name not in WARPED}
        return {**rest, "do_sample": False, "logits_processor": LogitsProcessorList([noise])}

    def _noise(self, context: Any, sampling: Mapping[str, Any], rows: Sequence[int] | None = None) -> CoupledSampling:
        keys = in_order(self._prompts, self.noise_keys)
        chosen = keys if rows is None else [keys[row] for row in rows]
        made = torch.tensor(chosen, device=context.device)
        return CoupledSampling(made, context.shape[1], sampling, self.model.generation_config)

    def take_ids(self, prompts: Sequence[str]) -> list[list[int]]:
        """The new tokens of each answer of the last batch, the end token included, in the order of `prompts`."""
        ends, pad = self.ends(), self.tokenizer.pad_token_id
        waiting: dict[str, deque[list[int]]] = defaultdict(deque)
        for prompt, answer in zip(self._prompts, self._answers, strict=True):
            waiting[prompt].append(answer)
        trimmed = []
        for prompt in prompts:
            tokens = waiting[prompt].popleft()
            end = next((i for i, token in enumerate(tokens) if token in ends or token == pad), len(tokens) - 1)
            trimmed.append(tokens[: end + 1])
        return trimmed

    def take_facts(self, prompts: Sequence[str], texts: Sequence[str], limit: int) -> list[tuple[str, int, bool]]:
        """(finish_reason, tokens, prompt_cut) of each answer of the last batch, in the order of `prompts`."""
        positions: dict[str, deque[int]] = defaultdict(deque)
        for position, prompt in enumerate(self._prompts):
            positions[prompt].append(position)
        ends = self.ends()
        facts = []
        for prompt, text in zip(prompts, texts, strict=True):
            position = positions[prompt].popleft()
            facts.append((*self._finish(self._answers[position], ends, text, limit), self._cut[position]))
        return facts

    def _finish(self, tokens: list[int], ends: frozenset[int], text: str, limit: int) -> tuple[str, int]:
        """Why and after how many tokens an answer ended: an end token, a stop string, or the limit."""
        stopped = next((i for i, token in enumerate(tokens) if token in ends), None)
        if stopped is not None and text == self.tok_decode(tokens[:stopped]):
            return "stop", stopped + 1
        whole = self.tok_decode(tokens)
        if text != whole:  # lm-eval cut it at a stop string
            return "stop", len(self.tok_encode(text, add_special_tokens=False))
        return ("length" if len(tokens) >= limit else "stop"), len(tokens)

    def tok_decode(self, tokens: Any, skip_special_tokens: bool = True) -> str:
        """The text of tokens. Markers of a thought stay even where the tokenizer calls them special: without them a
        thought would be taken for an answer."""
        if not skip_special_tokens or not self._thought_tokens:
            return str(super().tok_decode(tokens, skip_special_tokens=skip_special_tokens))
        dropped = frozenset(self.tokenizer.all_special_ids) - self._thought_tokens
        kept = [int(token) for token in tokens if int(token) not in dropped]
        return str(self.tokenizer.decode(kept, skip_special_tokens=False))

    @cached_property
    def _thought_tokens(self) -> frozenset[int]:
        """Special tokens that mark thoughts."""
        words = {word for pair in MARKERS for marker in pair for word in _SPECIAL.findall(marker)}
        special = dict(zip(self.tokenizer.all_special_tokens, self.tokenizer.all_special_ids, strict=False))
        return frozenset(token for word, token in special.items() if word in words)

    def ends(self) -> frozenset[int]:
        """The tokens that end an answer."""
        configured = getattr(self.model.generation_config, "eos_token_id", None)
        many = configured if isinstance(configured, list) else [configured]
        pads = [self.tokenizer.eos_token_id, self.tokenizer.pad_token_id]
        return frozenset(token for token in [*many, *pads] if token is not None)

    def too_long(self, pairs: Sequence[tuple[str, str]]) -> bool:
        """Whether a context and its continuation exceed the model's length (lm-eval then drops the beginning)."""
        longest = max((context + text for context, text in pairs), key=len)
        if len(longest.encode("utf-8")) <= self.max_length:
            return False  # no tokenizer makes more tokens than bytes
        return bool(len(self.tok_encode(longest)) > self.max_length + 1)
