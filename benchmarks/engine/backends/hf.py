"""A transformers model in memory as our engine, through lm-eval's HFLM, with what lm-eval does not tell: how long each
answer was, whether it was cut, whether its prompt was."""

from collections.abc import Sequence
from importlib import metadata
from typing import Any

from holdfast.benchmarks.engine.backends.models import LoadedModel
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.protocol import Emit, instances
from holdfast.benchmarks.engine.ranks import Ranks
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.engine.shards import sharded
from holdfast.errors import UsageError
from holdfast.files import digest
from holdfast.sample import Message


class HFEngine:
    """A transformers model in memory, through lm-eval's HFLM."""

    def __init__(self, loaded: LoadedModel, settings: Settings, ranks: Ranks | None = None) -> None:
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
        from holdfast.benchmarks.lm_eval_fence.recording_hf import Lockstep, RecordingHFLM

        self._lm = RecordingHFLM(
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
        return frozenset(self._lm.ends())

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
