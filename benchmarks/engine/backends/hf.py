"""A transformers model in memory as our engine, through lm-eval's HFLM."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib import metadata
from typing import Any

from holdfast.benchmarks.decoding.coupled import noise_key
from holdfast.benchmarks.decoding.drafts import Drafter
from holdfast.benchmarks.decoding.shared_prefix import keeps_every_token
from holdfast.benchmarks.decoding.thoughts import Thinking, stopped
from holdfast.benchmarks.engine.backends.batch_size import automatic
from holdfast.benchmarks.engine.backends.generation_defaults import added, defaults
from holdfast.benchmarks.engine.backends.models import LoadedModel
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.keeping.draft_source import DraftSource, Mode, not_greedy, refuse
from holdfast.benchmarks.engine.parallel.ranks import Ranks
from holdfast.benchmarks.engine.parallel.shards import sharded
from holdfast.benchmarks.engine.protocol import Emit, instances, rendered
from holdfast.benchmarks.engine.settings import Settings
from holdfast.errors import DataError, UsageError, unknown
from holdfast.files import digest
from holdfast.sample import Message


@contextmanager
def _tied_as_it_is(model: Any) -> Iterator[None]:
    """Keep lm-eval from tying a loaded model's weights again: an adapter may train one of two matrices that its base
    ties (peft's `modules_to_save`)."""
    model.__dict__["tie_weights"] = lambda *_, **__: None
    try:
        yield
    finally:
        del model.__dict__["tie_weights"]


_FORGETS = "the model takes no drafts (it must keep every token it attends to)"


class HFEngine:
    """A transformers model in memory, through lm-eval's HFLM."""

    reusable = True

    def __init__(self, loaded: LoadedModel, settings: Settings, ranks: Ranks | None = None) -> None:
        self.loaded = loaded
        self.lockstep = sharded(loaded.model)
        if self.lockstep and (ranks is None or ranks.count == 1):
            raise UsageError(
                f"{loaded.name}: the weights are spread over several processes (FSDP2): all of them must measure "
                "together (`measure(…, together=True)` on each), or measure a saved checkpoint"
            )
        if settings.draft == "before" and not keeps_every_token(loaded.model):
            refuse("before", _FORGETS)
        from holdfast.benchmarks.lm_eval_fence.recording_hf import Lockstep, RecordingHFLM

        self.chat = loaded.chat
        self.chunk = 1
        self._thinking = Thinking.of(settings.thinking)
        self._settings = settings
        _name_the_end(loaded)
        with _tied_as_it_is(loaded.model):
            self._lm = RecordingHFLM(
                pretrained=loaded.model,
                tokenizer=loaded.tokenizer,
                batch_size=1,
                max_length=settings.max_length,
                softmax_dtype="float32",  # in bfloat16, options tie that are not equally likely
                chat_template_args=dict(settings.chat_template_args) or None,
            )
        size = settings.batch_size
        self.chunk = automatic(loaded.model, int(self._lm.max_length)) if size == "auto" else size
        self._lm.batch_size_per_gpu = self.chunk
        self._lm.lockstep = Lockstep(loaded.model.device) if self.lockstep else None
        self._drafter: Drafter | None = None
        self._source: DraftSource | None = None
        self.max_length: int | None = int(self._lm.max_length)

    def describe(self) -> dict[str, Any]:
        """Name, fingerprint, tokenizer hash, dtype, size."""
        return {**self.loaded.describe(), "backend": "hf", "batch_size": self.chunk}

    def parts(self) -> dict[str, Any]:
        """All that can change a completion besides the item, by name."""
        loaded = self.loaded
        return {
            "backend": "hf",
            "weights": loaded.fingerprint,
            "tokenizer": loaded.tokenizer_hash,
            "generation_config": defaults(loaded.model),
            "versions": {name: metadata.version(name) for name in ("lm_eval", "transformers", "torch")},
            "batch_size": self.chunk,
            "chat_template_args": dict(self._settings.chat_template_args),
            "device": str(loaded.model.device.type),
            "loading": dict(loaded.loading),
            "max_length": self.max_length,
            "thinking": self._settings.thinking,
            "shared_prefix": self._lm.shares_prefixes,
            **({"drafts": True} if self._drafter and not self._drafter.exact else {}),
        }

    def key(self) -> str:
        """Hash of `parts`."""
        return digest(self.parts())

    def draft_from(self, source: DraftSource, mode: Mode) -> None:
        """Decode greedy answers with drafts, where the model and `mode` allow it (see `draft_source`)."""
        loaded = self.loaded
        exact = str(getattr(loaded.model, "dtype", "")) == "torch.float32" and not loaded.loading
        reasons = {
            "the measurement before kept no tokens": source.tokenizer is None,
            "the model before has another tokenizer": source.tokenizer != loaded.tokenizer_hash,
            "the model is spread over several processes": self.lockstep,
            _FORGETS: not keeps_every_token(loaded.model),
        }
        obstacle = next((reason for reason, there in reasons.items() if there), None)
        if obstacle is not None:
            refuse(mode, obstacle)
        elif mode == "before" or (mode == "auto" and exact):
            self._source, self._drafter = source, Drafter(loaded.model, exact)

    def no_draft(self, generation: Mapping[str, Any]) -> str:
        """Why answers under these arguments take no drafts; empty where they do."""
        if not generation.get("coupled"):
            return not_greedy(generation, self.adds(generation))
        from holdfast.benchmarks.lm_eval_fence.coupled_sampling import DRAFTED

        drawn = {name: value for name, value in generation.items() if name not in {*DRAFTED, "coupled", "do_sample"}}
        return not_greedy(drawn, {name: value for name, value in self.adds(generation).items() if name not in DRAFTED})

    def tally(self) -> dict[str, Any]:
        """What drafts did so far; empty without any."""
        drafter = self._drafter
        return {} if drafter is None else {**asdict(drafter.tally), "exact": drafter.exact, "epsilon": drafter.epsilon}

    def adds(self, generation: Mapping[str, Any]) -> dict[str, Any]:
        """What the model's generation_config.json adds to these arguments."""
        return added(self.loaded.model, generation)

    def check(self, generation: Mapping[str, Any]) -> None:
        """Raise UsageError for generation arguments that transformers does not know."""
        from transformers import GenerationConfig

        known = {name for name in vars(GenerationConfig()) if not name.startswith("_")}
        for name in generation:
            if name not in known and name not in ("until", "max_gen_toks", "stop", "coupled"):
                raise unknown("generation argument of backend 'hf'", name, known)
        if generation.get("coupled"):
            from holdfast.benchmarks.lm_eval_fence.coupled_sampling import refuse_other_rules

            refuse_other_rules(generation, self.loaded.model.generation_config)

    def render(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> str:
        """The tokenizer's template; a final assistant message is begun, and the model goes on from it."""
        return rendered(self._lm, messages, tools)

    def encode(self, prompt: str) -> list[int]:
        """A prompt's tokens as the model is given them."""
        return list(self._lm.tok_encode(prompt))

    def count(self, prompt: str) -> int:
        """Tokens of a prompt."""
        return len(self.encode(prompt))

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

        if not self._lm.ends():
            raise DataError(f"{self.loaded.name}: neither tokenizer nor generation_config.json names an end token")

        stops = items[0].generation["until"]
        later = bool(stops) and any(self._thinks(item) for item in items)
        requests = [for_lm_eval(item, keep_stops=not later) for item in items]
        self._lm.noise_keys = _noise_keys(items) if items[0].generation.get("coupled") else {}
        if items[0].generation.get("do_sample"):
            torch.manual_seed(int(digest([items[0].seed, items[0].cache_key])[:12], 16))
        self._prepare_drafts(items)
        texts = self._lm.generate_until(instances(requests), disable_tqdm=True)
        limit = int(items[0].generation["max_gen_toks"])
        facts = self._lm.take_facts([item.prompt for item in items], texts, limit)
        ids = self._lm.take_ids([item.prompt for item in items])
        found = []
        for item, text, (reason, tokens, cut), own in zip(items, texts, facts, ids, strict=True):
            completed = self._thinking.completed(item.prompt, text)
            answer, end = stopped(completed, stops if later else (), reason)
            found.append(Completion(answer, end, tokens, prompt_cut=cut, ids=own))
        return found

    def _prepare_drafts(self, items: Sequence[Item]) -> None:
        """The drafts of a batch that decodes greedily by nothing but the largest logit."""
        self._lm.drafter = None
        if self._source is None or self.no_draft(items[0].generation):
            return
        drafts: dict[str, list[Sequence[int]]] = {}
        for item in items:
            drafts.setdefault(item.prompt, []).append(self._source.of(item))
        self._lm.drafts = drafts
        self._lm.drafter = self._drafter if any(any(of_prompt) for of_prompt in drafts.values()) else None

    def _thinks(self, item: Item) -> bool:
        """Whether the answer may begin with a thought, which stop strings must not end."""
        template = str(getattr(self.loaded.tokenizer, "chat_template", None) or "")
        return self._thinking.expected(item.prompt, template if item.messages or self.chat else "")

    def _compare(self, items: Sequence[Item]) -> list[Completion]:
        requests = instances(items)
        answers = iter(self._lm.loglikelihood(requests, disable_tqdm=True))
        return [
            Completion(logprobs=[next(answers) for _ in item.pairs], prompt_cut=self._lm.too_long(item.pairs))
            for item in items
        ]


def for_lm_eval(item: Item, keep_stops: bool) -> Item:
    """The item with the arguments that lm-eval and transformers take."""
    arguments = {name: value for name, value in item.generation.items() if name != "coupled"}
    return replace(item, generation=arguments if keep_stops else {**arguments, "until": []})


def _noise_keys(items: Sequence[Item]) -> dict[str, list[int]]:
    """The noise keys of every prompt's answers, in order."""
    keys: dict[str, list[int]] = {}
    for item in items:
        key = noise_key(item.seed, item.task, item.doc_hash, item.repeat, item.turn)
        keys.setdefault(item.prompt, []).append(key)
    return keys


def _name_the_end(loaded: LoadedModel) -> None:
    """Give a tokenizer without end token the one that the model's configuration names."""
    tokenizer, model = loaded.tokenizer, loaded.model
    if tokenizer.eos_token_id is not None:
        return
    for config in (getattr(model, "generation_config", None), getattr(model, "config", None)):
        named = getattr(config, "eos_token_id", None)
        first = named[0] if isinstance(named, list) and named else named
        if isinstance(first, int):
            tokenizer.eos_token = tokenizer.convert_ids_to_tokens(first)
            return
