"""lm-eval's backends as our engine: batches in, completions out."""

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import metadata
from typing import Any

from holdfast.benchmarks.decoding.thoughts import Thinking, stopped
from holdfast.benchmarks.engine.backends.hf import HFEngine, for_lm_eval
from holdfast.benchmarks.engine.backends.models import LoadedModel
from holdfast.benchmarks.engine.backends.openai_server import OpenAIEngine
from holdfast.benchmarks.engine.backends.server_args import BACKENDS
from holdfast.benchmarks.engine.backends.weights import stored_weights
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.keeping.draft_source import refuse
from holdfast.benchmarks.engine.parallel.ranks import Ranks
from holdfast.benchmarks.engine.protocol import Emit, Engine, instances, rendered
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.lm_eval_fence.api_patches import Fact, patient, payload, quiet, read_calls, read_facts
from holdfast.benchmarks.lm_eval_fence.models import backends, hooked, model_class
from holdfast.benchmarks.lm_eval_fence.patches import check_version
from holdfast.errors import DataError, HoldfastError, UsageError, suggestion
from holdfast.files import digest
from holdfast.logs import is_set_up
from holdfast.masking import is_secret, without_secrets
from holdfast.sample import Message

__all__ = ["BackendEngine", "Engine", "HFEngine", "open_engine"]

_OWN_PROCESSES = {"vllm": "tensor_parallel_size or data_parallel_size", "sglang": "tp_size or dp_size"}
"""Backends that start processes of their own, and the arguments that say how many."""


def open_engine(model: "LoadedModel | Mapping[str, Any]", settings: Settings, ranks: Ranks | None = None) -> Engine:
    """The engine for a model in memory or a backend's configuration `{backend: vllm, model: …, **arguments}`.

    `ranks`: the processes that measure together. Raises UsageError for a model or backend that cannot be divided so.
    """
    if not is_set_up():
        logging.getLogger("lm_eval").setLevel(logging.ERROR)
    check_version()
    ranks = ranks or Ranks()
    if isinstance(model, LoadedModel):
        return HFEngine(model, settings, ranks)
    backend = str(model.get("backend", "hf"))
    if ranks.count > 1 and backend in _OWN_PROCESSES:
        raise UsageError(
            f"backend {backend} starts its own processes: run it without torchrun or accelerate launch, with "
            f"backend_args.{_OWN_PROCESSES[backend]}"
        )
    if backend in BACKENDS:
        arguments = {key: value for key, value in model.items() if key not in ("backend", "model")}
        if not model.get("model"):
            raise UsageError(f"a model of backend {backend!r} needs model=…")
        return OpenAIEngine(backend, str(model["model"]), arguments, settings)
    refuse(settings.draft, f"backend {backend} says of a draft neither its tokens nor what it would have said instead")
    return BackendEngine(dict(model), settings)


class BackendEngine:
    """Any other backend of lm-eval by name: `vllm`, `sglang`, `gguf`, `anthropic-chat`, …"""

    def __init__(self, config: dict[str, Any], settings: Settings) -> None:
        self._backend = str(config.pop("backend", "hf"))
        self._name = str(config.get("model") or config.get("pretrained") or "")
        if not self._name:
            raise UsageError(f"a model of backend {self._backend!r} needs model=…")
        self._config = config
        self._settings = settings
        self._thinking = Thinking.of(settings.thinking)
        self._weights = stored_weights(self._name, config.get("revision")) if self._backend in _IN_PROCESS else None
        self._chat_only = self._backend.endswith("chat-completions")
        self.chunk = int(config.pop("chunk", 512))
        self._lm = self._open(settings)
        self.chat = self._chat_only or bool(getattr(getattr(self._lm, "tokenizer", None), "chat_template", None))
        self.max_length: int | None = getattr(self._lm, "max_length", None)

        self.lockstep = False
        self._facts: deque[Fact] = deque()
        self._calls: deque[Sequence[Mapping[str, Any]]] = deque()
        if hasattr(self._lm, "parse_generations"):
            self._lm.parse_generations = partial(self._parsed, self._lm.parse_generations)
            self._lm._create_payload = partial(payload, self._lm._create_payload)
            self._lm.amodel_call = partial(patient, self._lm.amodel_call)
            self._lm.get_batched_requests = partial(quiet, self._lm.get_batched_requests)

    def _open(self, settings: Settings) -> Any:
        arguments = dict(self._config)
        if self._backend in _IN_PROCESS:
            arguments["pretrained"] = arguments.pop("model", None) or arguments["pretrained"]
            if settings.chat_template_args:
                arguments["chat_template_args"] = dict(settings.chat_template_args)
        elif settings.chat_template_args:
            raise UsageError(f"backend {self._backend!r} takes no chat_template_args")
        if settings.max_length is not None:
            arguments["max_length"] = settings.max_length
        if self._backend == "gguf" and not arguments.get("base_url"):
            raise UsageError(
                "backend 'gguf' asks a llama.cpp server: set backend_args.base_url, or use "
                "backend=local-completions with its address"
            )
        arguments.setdefault("batch_size", "auto" if self._backend == "vllm" else settings.batch_size)
        if self._chat_only:
            arguments["batch_size"] = 1
            arguments.setdefault("num_concurrent", 8)
        try:
            return model_class(self._backend)(**arguments)
        except (KeyError, ValueError) as error:
            raise UsageError(
                f"unknown backend {self._backend!r}{suggestion(self._backend, backends())}: {error}"
            ) from error
        except ImportError as error:
            raise UsageError(f"backend {self._backend!r} is not installed: {error}") from error

    def describe(self) -> dict[str, Any]:
        """Name and backend; the weights of a server are unknown."""
        return {
            "name": self._name,
            "backend": self._backend,
            "fingerprint": self._weights or "",
            "arguments": without_secrets(self._config),
        }

    @property
    def reusable(self) -> bool:
        """Whether the weights are known: files of a directory, or a commit of the hub."""
        return self._weights is not None

    def parts(self) -> dict[str, Any]:
        """All that can change a completion besides the item, by name."""
        packages = {"vllm": ("vllm", "torch"), "sglang": ("sglang", "torch")}.get(self._backend, ())
        return {
            "backend": self._backend,
            "weights": self._weights,
            "model": self._name,
            "versions": {name: metadata.version(name) for name in ("lm_eval", *packages)},
            "arguments": {k: v for k, v in self._config.items() if k not in _TRANSPORT and not is_secret(k)},
            "chat_template_args": dict(self._settings.chat_template_args),
            "max_length": self.max_length,
            "thinking": self._settings.thinking,
        }

    def key(self) -> str:
        """Hash of `parts`."""
        return digest(self.parts())

    def adds(self, generation: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing: lm-eval's backends are given every argument."""
        return {}

    def check(self, generation: Mapping[str, Any]) -> None:
        """Raise UsageError for coupled sampling; the backend refuses itself what else it does not take."""
        if "coupled" in generation:
            raise UsageError(
                "sampling.coupled needs a model in memory (backend=hf): no other backend lets noise be set"
            )

    def count(self, prompt: str) -> int:
        """Tokens of a prompt; 0 without a tokenizer."""
        encode = getattr(self._lm, "tok_encode", None)
        return len(encode(prompt)) if encode is not None and getattr(self._lm, "tokenizer", None) is not None else 0

    def _parsed(self, parse: Callable[..., list[Any]], outputs: Any, **options: Any) -> list[Any]:
        """An API's answers. lm-eval would take a reply it cannot read for an empty answer, a 0: here it is asked for
        again. Why each answer ended is kept for the hook, which is called next."""
        replies = outputs if isinstance(outputs, list) else [outputs]
        facts = [fact for reply in replies for fact in read_facts(reply, only=self._chat_only)]
        for reply in replies:
            for choice in reply["choices"]:
                if isinstance(choice.get("message"), dict):
                    choice["message"].setdefault("content", None)  # servers leave it out beside tool calls
        answers = parse(outputs=outputs, **options)
        self._facts = deque(facts)
        self._calls = deque(calls for reply in replies for calls in read_calls(reply))
        return ["" if answer is None else answer for answer in answers]

    def render(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> str:
        """The server's or the tokenizer's template."""
        return rendered(self._lm, messages, tools)

    @property
    def api(self) -> bool:
        """Whether the model is reached through a chat endpoint, which takes `tools` itself."""
        return self._chat_only

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
        requests = instances(items)
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
        stops = items[0].generation.get("until") or []
        later = bool(stops) and any(self._thinks(item) for item in items)
        request_items = [for_lm_eval(item, keep_stops=not later) for item in items]
        requests = instances(request_items, chat=self._chat_only)

        def whole(item: Item, text: Any, reason: str | None = None) -> tuple[str, str | None]:
            return stopped(self._thinking.completed(item.prompt, str(text)), stops if later else (), reason)

        waiting: dict[str, deque[Item]] = defaultdict(deque)
        for item in items:
            waiting[item.prompt].append(item)

        def arrived(_method: str, request: Any, text: Any) -> None:
            reason, tokens = self._facts.popleft() if self._facts else (None, None)
            calls = self._calls.popleft() if self._calls else ()
            if waiting.get(_unwrapped(request[0])):
                item = waiting[_unwrapped(request[0])].popleft()
                emit([(item, Completion(*whole(item, text, reason), tokens, calls=calls))])

        with hooked(self._lm, arrived), _server_failures(self._name):
            texts = self._lm.generate_until(requests)
        rest = [
            (item, Completion(*whole(item, text)))
            for item, text in zip(items, texts, strict=True)
            if item in waiting[item.prompt]
        ]
        if rest:
            emit(rest)

    def _thinks(self, item: Item) -> bool:
        """Whether the answer may begin with a thought, which stop strings must not end."""
        template = str(getattr(getattr(self._lm, "tokenizer", None), "chat_template", None) or "")
        return self._thinking.expected(item.prompt, template if item.messages or self.chat else "")


_IN_PROCESS = ("vllm", "hf", "sglang")
"""Backends that load the weights themselves."""
_TRANSPORT = ("num_concurrent", "max_retries", "timeout", "verify_certificate", "header", "auth_token")
"""Arguments of a backend that do not change its answers."""


@contextmanager
def _server_failures(name: str) -> Iterator[None]:
    """A server that does not answer, in one line; what it did answer is journaled."""
    import aiohttp
    import requests
    import tenacity

    try:
        yield
    except (aiohttp.ClientError, requests.RequestException, tenacity.RetryError, TimeoutError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise HoldfastError(
            f"{name}: the server failed ({reason:.300}); what it answered is kept: the same command goes on from there"
        ) from error


def _unwrapped(prompt: Any) -> str:
    """lm-eval wraps a conversation for an API in a tuple of its own."""
    return str(getattr(prompt, "prompt", prompt))
