"""lm-eval's backends as our engine: batches in, completions out, with what lm-eval does not tell (how long each
answer was, whether it was cut, whether its prompt was). With engine_tasks.py the only file that imports lm_eval."""

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from typing import Any, Protocol

from holdfast.benchmarks.items import Completion, Item
from holdfast.benchmarks.models import LoadedModel
from holdfast.errors import DataError, UsageError, suggestion
from holdfast.rows import digest
from holdfast.sample import Message

Emit = Callable[[Sequence[tuple[Item, Completion]]], None]


class Engine(Protocol):
    """What generates. Multi-turn tool environments become another implementation."""

    chat: bool
    """Whether the model has a chat template (or is only reachable through one)."""
    chunk: int
    """How many items one call of `run` is best given."""
    max_length: int | None

    def describe(self) -> dict[str, Any]:
        """The model: name, fingerprint, tokenizer."""

    def key(self) -> str:
        """Hash of all that can change a completion besides the item: weights, tokenizer, backend, batch."""

    def render(self, messages: Sequence[Message]) -> str:
        """The chat template applied, up to the opening of the assistant's turn."""

    def run(self, items: Sequence[Item], emit: Emit) -> None:
        """Answer items of one kind and one set of generation arguments; `emit` gets them as they are finished."""


def open_engine(model: "LoadedModel | Mapping[str, Any]", settings: Any) -> "HFEngine | BackendEngine":
    """The engine for a model in memory or a backend's configuration `{backend: vllm, model: …, **arguments}`."""
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    if isinstance(model, LoadedModel):
        return HFEngine(model, settings)
    return BackendEngine(dict(model), settings)


class HFEngine:
    """A transformers model in memory, through lm-eval's HFLM."""

    def __init__(self, loaded: LoadedModel, settings: Any) -> None:
        self.loaded = loaded
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
            totals = self._lm.loglikelihood_rolling(_instances(items), disable_tqdm=True)
            completions = [Completion(logprobs=[(float(total), False)]) for total in totals]
        else:
            completions = self._compare(items)
        emit(list(zip(items, completions)))

    def _generate(self, items: Sequence[Item]) -> list[Completion]:
        import torch

        if items[0].generation.get("do_sample"):
            torch.manual_seed(int(digest([self._seed, items[0].cache_key])[:12], 16))
        texts = self._lm.generate_until(_instances(items), disable_tqdm=True)
        limit = int(items[0].generation["max_gen_toks"])
        facts = self._lm.take_facts([item.prompt for item in items], texts, limit)
        return [Completion(text, reason, tokens, prompt_cut=cut) for text, (reason, tokens, cut) in zip(texts, facts)]

    def _compare(self, items: Sequence[Item]) -> list[Completion]:
        requests = _instances(items)
        answers = iter(self._lm.loglikelihood(requests, disable_tqdm=True))
        return [
            Completion(logprobs=[next(answers) for _ in item.pairs], prompt_cut=self._lm.too_long(item.pairs))
            for item in items
        ]


def _hf_class() -> Any:
    """HFLM that remembers what it knew about each row of the last batch."""
    import torch
    from lm_eval.models.huggingface import HFLM

    class RecordingHFLM(HFLM):  # type: ignore[misc, unused-ignore]
        """Keeps lengths and cuts of the last batch."""

        def tok_batch_encode(self, strings: Any, **options: Any) -> Any:
            ids, mask = super().tok_batch_encode(strings, **{**options, "left_truncate_len": None})
            limit = options.get("left_truncate_len") or ids.shape[1]
            self._prompts = list(strings)
            self._cut = [int(length) > limit for length in mask.sum(dim=1).tolist()]
            return ids[:, -limit:], mask[:, -limit:]

        def _model_generate(self, context: Any, max_length: int, stop: Any, **options: Any) -> Any:
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
            for prompt, text in zip(prompts, texts):
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


class BackendEngine:
    """Any backend of lm-eval by name: `vllm`, `local-chat-completions`, `openai-chat-completions`, …"""

    def __init__(self, config: dict[str, Any], settings: Any) -> None:
        self._backend = str(config.pop("backend", "hf"))
        self._name = str(config.get("model") or config.get("pretrained") or "")
        if not self._name:
            raise UsageError(f"a model of backend {self._backend!r} needs model=…")
        self._config = config
        self._chat_only = self._backend.endswith("chat-completions")
        self.chunk = int(config.pop("chunk", 512))
        self._lm = self._open(settings)
        self.chat = self._chat_only or bool(getattr(getattr(self._lm, "tokenizer", None), "chat_template", None))
        self.max_length: int | None = getattr(self._lm, "max_length", None)

    def _open(self, settings: Any) -> Any:
        from lm_eval.api.registry import get_model

        arguments = dict(self._config)
        if self._backend in ("vllm", "hf", "sglang"):
            arguments["pretrained"] = arguments.pop("model", None) or arguments["pretrained"]
        arguments.setdefault("batch_size", "auto" if self._backend == "vllm" else settings.batch_size)
        if self._chat_only:
            arguments["batch_size"] = 1
        try:
            return get_model(self._backend)(**arguments)
        except (KeyError, ValueError) as error:
            raise UsageError(
                f"unknown backend {self._backend!r}{suggestion(self._backend, _backends())}: {error}"
            ) from error
        except ImportError as error:
            raise UsageError(f"backend {self._backend!r} is not installed: {error}") from error

    def describe(self) -> dict[str, Any]:
        """Name and backend; the weights of a server are unknown."""
        shown = {k: v for k, v in self._config.items() if "key" not in k and "token" not in k}
        return {"name": self._name, "backend": self._backend, "fingerprint": self.key(), "arguments": shown}

    def key(self) -> str:
        """Of name, backend and its arguments."""
        return digest([self._backend, metadata.version("lm_eval"), sorted(self._config.items(), key=str)])

    def render(self, messages: Sequence[Message]) -> str:
        """The server's or the tokenizer's template."""
        return _plain(self._lm.apply_chat_template([dict(message) for message in messages]))

    def run(self, items: Sequence[Item], emit: Emit) -> None:
        """Emits through lm-eval's cache hook as answers arrive, the rest when the call returns."""
        if self._chat_only and items[0].kind != "generate":
            raise DataError(
                f"task {items[0].task!r} compares log-likelihoods, which a chat endpoint does not return; use its "
                "generative form, backend=local-completions, or vllm"
            )
        if items[0].kind == "generate":
            self._generate(items, emit)
            return
        requests = _instances(items)
        method = "loglikelihood" if items[0].kind == "loglikelihood" else "loglikelihood_rolling"
        answers = iter(getattr(self._lm, method)(requests))
        found = []
        for item in items:
            if item.kind == "rolling":
                found.append((item, Completion(logprobs=[(float(next(answers)), False)])))
            else:
                found.append((item, Completion(logprobs=[next(answers) for _ in item.pairs])))
        emit(found)

    def _generate(self, items: Sequence[Item], emit: Emit) -> None:
        requests = _instances(items, chat=self._chat_only)
        waiting: dict[str, deque[Item]] = defaultdict(deque)
        for item in items:
            waiting[item.prompt].append(item)

        def arrived(method: str, request: Any, text: Any) -> None:
            if waiting.get(_plain(request[0])):
                emit([(waiting[_plain(request[0])].popleft(), Completion(str(text)))])

        with _hooked(self._lm, arrived):
            texts = self._lm.generate_until(requests)
        rest = [(item, Completion(str(text))) for item, text in zip(items, texts) if item in waiting[item.prompt]]
        if rest:
            emit(rest)


@contextmanager
def _hooked(lm: Any, arrived: Callable[[str, Any, Any], None]) -> Iterator[None]:
    """lm-eval's cache hook for the time of one call."""

    class Hook:
        add_partial = staticmethod(arrived)

    before = lm.cache_hook
    lm.set_cache_hook(Hook())
    try:
        yield
    finally:
        lm.set_cache_hook(before)


def _plain(prompt: Any) -> str:
    """lm-eval wraps a conversation for an API in a tuple of its own."""
    return str(getattr(prompt, "prompt", prompt))


def _instances(items: Sequence[Item], chat: bool = False) -> list[Any]:
    """lm-eval's requests of items; several per item for a comparison of options. `chat`: the prompt is a conversation
    as JSON, for an API."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.api_models import JsonChatStr

    made = []
    for item in items:
        if item.kind == "generate":
            asked = JsonChatStr(item.prompt) if chat else item.prompt
            arguments: list[tuple[Any, ...]] = [(asked, dict(item.generation))]
        elif item.kind == "rolling":
            arguments = [(item.prompt,)]
        else:
            arguments = list(item.pairs)
        request = {"generate": "generate_until", "rolling": "loglikelihood_rolling"}.get(item.kind, item.kind)
        made += [
            Instance(request_type=request, doc={}, arguments=one, idx=i, metadata=(item.task, 0, 1))
            for i, one in enumerate(arguments)
        ]
    return made


def _backends() -> list[str]:
    from lm_eval.api.registry import model_registry

    return sorted(model_registry.keys())
