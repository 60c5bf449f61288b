"""A server that speaks OpenAI's protocol as our engine: chat or plain completions, asked item by item.

What a task and the user set reaches the server unchanged or is refused. One item that the server refuses (its context,
its content filter) is data: it has no value, the reason stands in its row, and the rest goes on.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from functools import cached_property
from typing import Any

from holdfast.benchmarks.decoding.thoughts import OPENING, Thinking, answer_of, stopped
from holdfast.benchmarks.engine.backends import openai_wire as wire
from holdfast.benchmarks.engine.backends import server_identity
from holdfast.benchmarks.engine.backends.http_client import Client, RequestRefusedError
from holdfast.benchmarks.engine.backends.models import load_tokenizer, tokenizer_hash
from holdfast.benchmarks.engine.backends.server_args import ServerArgs
from holdfast.benchmarks.engine.backends.server_drafts import Draft, NoDraftsError, ServerDrafts
from holdfast.benchmarks.engine.backends.server_likelihoods import likelihoods
from holdfast.benchmarks.engine.backends.server_places import ASKED, answered
from holdfast.benchmarks.engine.items import Completion, Item
from holdfast.benchmarks.engine.keeping.draft_source import DraftSource, Mode, not_greedy, refuse
from holdfast.benchmarks.engine.protocol import Emit
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.lm_eval_fence.prompt_tokens import encoded, sent_as_text
from holdfast.errors import DataError, HoldfastError, UsageError, unknown
from holdfast.files import digest
from holdfast.masking import without_secrets
from holdfast.sample import Message


class OpenAIEngine:
    """Chat completions (the server renders the template) or plain completions (`tokenizer=` renders it)."""

    lockstep = False

    def __init__(self, backend: str, model: str, arguments: Mapping[str, Any], settings: Settings) -> None:
        self.arguments = ServerArgs.read(backend, arguments)
        self.model, self._backend, self._settings = model, backend, settings
        self._chat_endpoint = "chat" in backend
        self._hosted = backend.startswith("openai")
        if self._hosted and settings.chat_template_args:
            raise UsageError(f"backend {backend!r} takes no chat_template_args: OpenAI's models have no open template")
        self.chunk = max(512, 4 * self.arguments.num_concurrent)
        self._client = self._open()
        self._renamed = False
        """The server takes the budget as `max_completion_tokens`."""
        self.chat = self._chat_endpoint or bool(getattr(self.tokenizer, "chat_template", None))
        self.max_length = settings.max_length or self.arguments.max_length or self.identity.context
        self._thinking = Thinking.of(settings.thinking)
        self._source: DraftSource | None = None
        self._waiting: dict[str, Draft] = {}
        """By cache key, the drafts of the items that are asked now."""
        self._drafts = self._opened_drafts() if settings.draft == "before" else None

    def _open(self) -> Client:
        given = self.arguments
        authorization = {"Authorization": f"Bearer {given.key}"} if given.key else {}
        return Client(
            given.base_url,
            {**authorization, **given.header},
            given.secrets(),
            timeout=given.timeout,
            retries=given.max_retries,
            verify=given.ca_cert_path or given.verify_certificate,
            connections=given.num_concurrent,
        )

    @cached_property
    def identity(self) -> server_identity.Identity:
        """What the server says it serves."""
        return server_identity.ask(self._client, self.model)

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer of plain completions; None without `tokenizer=`."""
        name = self.arguments.tokenizer
        if name is None:
            return None
        if self._chat_endpoint:
            raise UsageError("a chat endpoint renders the template itself: tokenizer= has no effect on it")
        return load_tokenizer(name, self.arguments.revision, self.arguments.trust_remote_code)

    @property
    def reusable(self) -> bool:
        """Whether equal keys mean equal weights: only where the server names a hash of them."""
        return self.identity.weights is not None

    def _opened_drafts(self) -> ServerDrafts:
        """The server's way to take drafts. Raises UsageError where it takes none: `draft=before` asks for them."""
        given = self.arguments
        if self._chat_endpoint or given.tokenizer is None or not given.tokenized_requests:
            refuse("before", f"backend {self._backend} sends no tokens; use local-completions with tokenizer=…")
        if given.extra_body:
            refuse("before", "extra_body may change which token is the likeliest")

        def post(fields: Mapping[str, Any], read: Callable[[Any], Any]) -> Any:
            return self._client.post({"model": self.model, **fields}, read)

        try:
            return ServerDrafts.opened(post, self.tokenizer)
        except NoDraftsError as reason:
            raise UsageError(f"draft=before: {reason}; draft=off measures without") from reason

    def draft_from(self, source: DraftSource, mode: Mode) -> None:
        """Try the answers of `source` first, where `draft=before` asked for it: a server does not say in which
        precision it computes, so that `auto` drafts on none."""
        if self._drafts is None or mode != "before":
            return
        if source.tokenizer is None:
            refuse(mode, "the measurement before kept no tokens")
        if source.tokenizer != tokenizer_hash(self.tokenizer):
            refuse(mode, "the model before has another tokenizer")
        self._source = source

    def no_draft(self, generation: Mapping[str, Any]) -> str:
        """Why answers under these arguments take no drafts; empty where they do."""
        return not_greedy(generation, {})

    def tally(self) -> dict[str, Any]:
        """What drafts did so far; empty without any."""
        return self._drafts.tally() if self._drafts is not None and self._source is not None else {}

    def parts(self) -> dict[str, Any]:
        """All that can change a completion besides the item, by name."""
        given = self.arguments
        return {
            "backend": self._backend,
            "model": self.model,
            "server": self.identity.hash,
            "address": without_secrets(given.base_url),
            "tokenizer": [given.tokenizer, given.revision, given.tokenized_requests],
            "max_length": self.max_length,
            "chat_template_args": dict(self._settings.chat_template_args),
            "extra_body": given.extra_body,
            "continue_final_message": given.continue_final_message,
            "thinking": self._settings.thinking,
            **({"drafts": True} if self._drafts and self._source and not self._drafts.exact else {}),
        }

    def key(self) -> str:
        """Hash of `parts`."""
        return digest(self.parts())

    def describe(self) -> dict[str, Any]:
        """Name and backend; the weights' fingerprint where the server says it."""
        return {
            "name": self.model,
            "backend": self._backend,
            "fingerprint": self.identity.weights or "",
            "served": dict(self.identity.served),
            **({"tokenizer": tokenizer_hash(self.tokenizer)} if self._drafts else {}),
            "arguments": without_secrets(
                {"base_url": self.arguments.base_url, "extra_body": self.arguments.extra_body}
            ),
        }

    def adds(self, generation: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing that is known: a server's own defaults are the server's secret."""
        return {}

    def check(self, generation: Mapping[str, Any]) -> None:
        """Raise UsageError for generation arguments without counterpart on a server."""
        if "coupled" in generation:
            raise UsageError("sampling.coupled needs a model in memory (backend=hf): a server draws its own noise")
        for name in wire.unknown_arguments(generation):
            raise unknown(f"generation argument of backend {self._backend!r}", name, wire.ARGUMENTS)

    def canary(self) -> str:
        """What the server answers to a fixed question, greedily."""
        text = server_identity.CANARY
        prompt = json.dumps([{"role": "user", "content": text}]) if self._chat_endpoint else text
        found = self._complete(Item("canary", "0", 0, "generate", prompt, generation=_GREEDY))
        if found.refused.startswith("the server's reply"):
            raise HoldfastError(f"{self.model}: {found.refused}; address {without_secrets(self.arguments.base_url)}")
        return found.refused or found.text

    def count(self, prompt: str) -> int:
        """Tokens of a prompt; 0 where no tokenizer is known (the server then counts)."""
        return len(encoded(self.tokenizer, prompt)) if self.tokenizer is not None else 0

    @property
    def api(self) -> bool:
        """Whether the server renders the template, and takes `tools` itself."""
        return self._chat_endpoint

    def render(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> str:
        """The tokenizer's template; for a chat endpoint the conversation as JSON, which the server renders.

        A final assistant message is begun, not finished: the model goes on from it."""
        begun = messages[-1]["role"] == "assistant"
        if self._chat_endpoint:
            if begun and not self.arguments.continue_final_message:
                raise UsageError(
                    "this task begins the model's answer, which not every chat endpoint can go on from: with vLLM or "
                    "SGLang set backend_args.continue_final_message=true, else use backend=local-completions"
                )
            return json.dumps([dict(message) for message in messages], ensure_ascii=False)
        return str(
            self.tokenizer.apply_chat_template(
                [dict(message) for message in messages],
                tokenize=False,
                add_generation_prompt=not begun,
                continue_final_message=begun,
                **({"tools": [dict(tool) for tool in tools]} if tools else {}),
                **self._settings.chat_template_args,
            )
        )

    def run(self, items: Sequence[Item], emit: Emit) -> None:
        """Answers come as they arrive; after a failure those that are already asked for are kept, too."""
        if items[0].kind != "generate":
            if self._chat_endpoint:
                raise DataError(
                    f"task {items[0].task!r} compares log-likelihoods, which a chat endpoint does not return; use its "
                    "generative form, backend=local-completions, or vllm"
                )
            emit(likelihoods(items, self._client, self.model, self.tokenizer, self.max_length))
            return
        failure: HoldfastError | None = None
        self._waiting = self._drafts_of(items)

        def complete_unless_failed(item: Item) -> Completion | None:
            return self._complete(item) if failure is None else None

        with ThreadPoolExecutor(self.arguments.num_concurrent) as pool:
            pending = {pool.submit(complete_unless_failed, item): item for item in items}
            for future in as_completed(pending):
                try:
                    completion = future.result()
                except HoldfastError as error:
                    failure = failure or error
                    continue
                if completion is not None:
                    emit([(pending[future], completion)])
        if failure is not None:
            raise HoldfastError(
                f"{self.model}: the server failed ({failure}); what it answered is kept: the same command goes on "
                "from there"
            )

    def _drafts_of(self, items: Sequence[Item]) -> dict[str, Draft]:
        """The drafts of items that are answered by nothing but the largest logit."""
        if self._source is None or self.no_draft(items[0].generation):
            return {}
        kept = {item.cache_key: self._source.record(item) for item in items}
        return {
            key: Draft(record["ids"], record.get("finish_reason") == "stop")
            for key, record in kept.items()
            if record.get("ids")
        }

    def _from_draft(self, item: Item, stops: Sequence[str]) -> Completion | None:
        """The answer to an item by its draft; None where it must be asked for as it is."""
        draft = self._waiting.get(item.cache_key)
        if draft is None or self._drafts is None:
            return None
        prompt, budget = encoded(self.tokenizer, item.prompt), int(item.generation["max_gen_toks"])
        try:
            return self._drafts.complete(
                prompt, budget, stops[: wire.MOST_STOPS], draft, lambda left: self._body(_limited(item, left), stops)
            )
        except RequestRefusedError:
            return None

    def _first(self, item: Item, stops: Sequence[str]) -> Completion:
        """The answer to an item, by its draft where that can be."""
        found = self._from_draft(item, stops)
        drafted = found is not None
        found = found or self._request(item, stops)
        if self._drafts is not None and item.cache_key in self._waiting:
            self._drafts.answer(found, drafted)
        return found

    def _complete(self, item: Item) -> Completion:
        stops = item.generation["until"]
        try:
            found = self._first(item, stops if not self._thinks(item) else ())
            if stops and found.finish_reason == "stop" and found.text.startswith(OPENING) and not answer_of(found.text):
                found = self._request(item, ())  # the stop string ended the thought
        except RequestRefusedError as error:
            return Completion(refused=str(error))
        if found.refused:
            return found
        whole = self._thinking.completed("" if self._chat_endpoint else item.prompt, found.text)
        text, reason = stopped(whole, stops, found.finish_reason)
        return replace(found, text=text, finish_reason=reason)

    def _thinks(self, item: Item) -> bool:
        return self._settings.thinking is not None or (not self._chat_endpoint and self._thinking.opens(item.prompt))

    def _request(self, item: Item, stops: Sequence[str]) -> Completion:
        body = self._body(item, stops)
        try:
            return self._post(body)
        except RequestRefusedError as error:
            if "max_completion_tokens" in str(error) and "max_tokens" in body:
                self._renamed = True
                return self._request(item, stops)
            room = wire.room(str(error))
            budget = item.generation["max_gen_toks"]
            if room is None or room >= budget:
                raise
            return replace(self._post(self._body(_limited(item, room), stops)), budget=room)

    def _post(self, body: Mapping[str, Any]) -> Completion:
        """An answer, with its token numbers where they are asked for."""
        found: Completion = self._client.post(
            body, lambda reply: answered(reply)[0] if "logprobs" in body else wire.read(reply)
        )
        return found

    def _body(self, item: Item, stops: Sequence[str]) -> dict[str, Any]:
        made = wire.body(self.model, item.generation, hosted=self._hosted and self._chat_endpoint, stops=stops)
        if item.seed is not None:
            made["seed"] = int(digest([item.seed, item.prompt, item.repeat])[:7], 16)
        if self._drafts is not None and not item.generation["do_sample"]:
            made |= ASKED
        if not self._chat_endpoint:
            return self._with_extra({**made, "prompt": self._prompt(item.prompt)})
        messages = json.loads(item.prompt)
        if messages[-1]["role"] == "assistant":
            made |= {"add_generation_prompt": False, "continue_final_message": True}
        if self._settings.chat_template_args:
            made["chat_template_kwargs"] = dict(self._settings.chat_template_args)
        return self._with_extra({**made, "messages": messages})

    def _with_extra(self, body: dict[str, Any]) -> dict[str, Any]:
        """The request with `extra_body`, and with the budget under the name that this server takes."""
        if self._renamed and "max_tokens" in body:
            body["max_completion_tokens"] = body.pop("max_tokens")
        return {name: value for name, value in {**body, **self.arguments.extra_body}.items() if value is not None}

    def _prompt(self, text: str) -> "str | list[int]":
        """A prompt as a completions endpoint is sent it: tokens where the tokenizer is known."""
        if self.tokenizer is None:
            return text
        return (
            encoded(self.tokenizer, text) if self.arguments.tokenized_requests else sent_as_text(self.tokenizer, text)
        )


def _limited(item: Item, tokens: int) -> Item:
    """The item with so large a budget."""
    return replace(item, generation={**item.generation, "max_gen_toks": tokens})


_GREEDY = {"until": [], "max_gen_toks": 32, "do_sample": False, "temperature": 0.0}
