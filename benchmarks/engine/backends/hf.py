"""A transformers model in memory as our engine, through lm-eval's HFLM, with what lm-eval does not tell: how long each
answer was, whether it was cut, whether its prompt was."""

from collections import defaultdict, deque
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from holdfast.benchmarks.engine.backends.models import LoadedModel
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.protocol import Emit, instances
from holdfast.benchmarks.engine.ranks import Ranks
from holdfast.benchmarks.engine.shards import sharded
from holdfast.errors import UsageError
from holdfast.files import digest
from holdfast.sample import Message


class HFEngine:
    """A transformers model in memory, through lm-eval's HFLM."""

    def __init__(self, loaded: LoadedModel, settings: Any, ranks: Ranks | None = None) -> None:
        self.loaded = loaded
        self.lockstep = sharded(loaded.model)
        if self.lockstep and (ranks is None or ranks.count == 1):
            raise UsageError(
                f"{loaded.name}: the weights are spread over several processes (FSDP2): all of them must measure "
                "together (`measure(…, together=True)` on each), or measure a saved checkpoint"
            )
        self.chat = loaded.chat
        self.chunk = int(settings.batch_size)
        self._seed = int(settings.seed)
        self._lm = _hf_class()(
            pretrained=loaded.model,
            tokenizer=loaded.tokenizer,
            batch_size=self.chunk,
            max_length=settings.max_length,
            softmax_dtype="float32",  # in bfloat16, options tie that are not equally likely
            chat_template_args=dict(settings.chat_template_args) or None,
        )
        self._lm.lockstep = Lockstep(loaded.model.device) if self.lockstep else None
        self.max_length: int | None = int(self._lm.max_length)

    def describe(self) -> dict[str, Any]:
        """Name, fingerprint, tokenizer hash, dtype, size."""
        return {**self.loaded.describe(), "backend": "hf", "batch_size": self.chunk}

    def key(self) -> str:
        """Of weights, tokenizer and template, versions and batch size."""
        versions = [metadata.version(name) for name in ("lm_eval", "transformers", "torch")]
        template = self._lm.chat_template_args
        loaded = self.loaded
        where = str(loaded.model.device.type)
        return digest(
            [loaded.fingerprint, loaded.tokenizer_hash, versions, self.chunk, template, where, self.max_length]
        )

    def render(self, messages: Sequence[Message]) -> str:
        """The tokenizer's template."""
        return str(self._lm.apply_chat_template([dict(message) for message in messages]))

    def encode(self, prompt: str) -> list[int]:
        """A prompt's tokens as the model is given them."""
        return list(self._lm.tok_encode(prompt))

    def ends(self) -> frozenset[int]:
        """The tokens that end an answer."""
        return frozenset(self._lm._ends())

    def run(self, items: Sequence[Item], emit: Emit) -> None:
        """One batch (of log-likelihoods: one per option), emitted whole."""
        if items[0].kind == "generate":
            completions = self._generate(items)
        elif items[0].kind == "rolling":
            totals = self._lm.loglikelihood_rolling(instances(items), disable_tqdm=True)
            completions = [Completion(logprobs=[(float(total), False)]) for total in totals]
        else:
            completions = self._compare(items)
        self._lm.await_others()
        emit(list(zip(items, completions, strict=True)))

    def _generate(self, items: Sequence[Item]) -> list[Completion]:
        import torch

        if items[0].generation.get("do_sample"):
            torch.manual_seed(int(digest([self._seed, items[0].cache_key])[:12], 16))
        texts = self._lm.generate_until(instances(items), disable_tqdm=True)
        limit = int(items[0].generation["max_gen_toks"])
        facts = self._lm.take_facts([item.prompt for item in items], texts, limit)
        return [
            Completion(text, reason, tokens, prompt_cut=cut)
            for text, (reason, tokens, cut) in zip(texts, facts, strict=True)
        ]

    def _compare(self, items: Sequence[Item]) -> list[Completion]:
        requests = instances(items)
        answers = iter(self._lm.loglikelihood(requests, disable_tqdm=True))
        return [
            Completion(logprobs=[next(answers) for _ in item.pairs], prompt_cut=self._lm.too_long(item.pairs))
            for item in items
        ]


class Lockstep:
    """Tells processes that share one model's weights whether any of them still computes."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def busy(self, computing: bool) -> bool:
        """Whether any process is about to compute; all call this equally often."""
        import torch
        import torch.distributed as dist

        flag = torch.tensor([float(computing)], device=self._device)
        dist.all_reduce(flag)
        return bool(flag.item())


def _hf_class() -> Any:
    """HFLM that remembers what it knew about each row of the last batch."""
    import torch
    from lm_eval.models.huggingface import HFLM

    class RecordingHFLM(HFLM):  # type: ignore[misc, unused-ignore]
        """Keeps lengths and cuts of the last batch; keeps step with other processes where weights are spread."""

        lockstep: Lockstep | None = None

        def _model_call(self, inps: Any, *rest: Any, **options: Any) -> Any:
            if self.lockstep:
                self.lockstep.busy(True)
            return super()._model_call(inps, *rest, **options)

        def _loglikelihood_tokens(self, requests: Any, disable_tqdm: bool = True, override_bs: Any = None) -> Any:
            return super()._loglikelihood_tokens(requests, disable_tqdm=True, override_bs=override_bs)

        def await_others(self) -> None:
            """Lend this process's shard until the others have compared their options, too: they need not have made as
            many forward passes. (In generating, transformers sees to that: synced_gpus.)"""
            while self.lockstep and self.lockstep.busy(False):
                super()._model_call(torch.zeros((1, 1), dtype=torch.long, device=self.device))

        def tok_batch_encode(self, strings: Any, **options: Any) -> Any:
            ids, mask = super().tok_batch_encode(strings, **{**options, "left_truncate_len": None})
            limit = options.get("left_truncate_len") or ids.shape[1]
            self._prompts = list(strings)
            self._cut = [int(length) > limit for length in mask.sum(dim=1).tolist()]
            return ids[:, -limit:], mask[:, -limit:]

        def _model_generate(self, context: Any, max_length: int, stop: Any, **options: Any) -> Any:
            if self.lockstep:
                options["synced_gpus"] = True
            own = [text for text in stop if text != self.tok_decode([self.eot_token_id], skip_special_tokens=False)]
            if own:
                rows = super()._model_generate(context, max_length, stop, **options)
            else:
                rows = self._generate_to_end(context, max_length, options)
            self._answers = rows[:, context.shape[1] :].tolist()
            return rows

        def _generate_to_end(self, context: Any, max_length: int, options: dict[str, Any]) -> Any:
            """Without stop strings: lm-eval would decode every row at every step to look for them."""
            sampling = dict(options)
            if not sampling.get("do_sample"):
                sampling.pop("temperature", None)
            ends = sorted(self._ends() - {self.tokenizer.pad_token_id} | {self.tokenizer.eos_token_id} - {None})
            with (
                torch.no_grad(),
                torch.autocast(
                    device_type=self.device.type,
                    dtype=self.mixed_precision_dtype,
                    enabled=self.mixed_precision_dtype is not None,
                ),
            ):
                return self.model.generate(
                    input_ids=context,
                    max_length=max_length,
                    eos_token_id=ends,
                    pad_token_id=self.tokenizer.pad_token_id,
                    use_cache=True,
                    **sampling,
                )

        def take_facts(self, prompts: Sequence[str], texts: Sequence[str], limit: int) -> list[tuple[str, int, bool]]:
            """(finish_reason, tokens, prompt_cut) of each answer of the last batch, in the order of `prompts`."""
            places: dict[str, deque[int]] = defaultdict(deque)
            for place, prompt in enumerate(self._prompts):
                places[prompt].append(place)
            ends = self._ends()
            facts = []
            for prompt, text in zip(prompts, texts, strict=True):
                place = places[prompt].popleft()
                facts.append((*self._finish(self._answers[place], ends, text, limit), self._cut[place]))
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

        def _ends(self) -> frozenset[int]:
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

    return RecordingHFLM
