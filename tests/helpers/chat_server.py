"""A chat-completions endpoint on this machine that answers by a function and fails where it is told to."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Fault = int | tuple[int, str] | str | None
"""A status code, with its `Retry-After` where not 0; `cut`: the connection breaks in the middle of the answer; `drop`:
before it; `garbage`: 200 and no JSON; `half`: half of a JSON body; `error body`: 200 and an error; `null`: no text;
`thinking`: reasoning and no text; `none`, `two`: so many choices; `slow`: an answer after three seconds; None: none."""


@dataclass
class ChatServer:
    """`asked`: the request bodies in the order they came; `most`: how many were being answered at once."""

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    most: int = 0
    now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def serving(
    answer: Callable[[Sequence[dict[str, Any]], dict[str, Any]], str],
    fault: Callable[[int], Fault] = lambda number: None,
) -> Iterator[ChatServer]:
    """`answer(messages, body)`: the assistant's text. `fault(n)`: what befalls the n-th request (from 0)."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with server.lock:
                number = len(server.asked)
                server.asked.append(body)
                server.now += 1
                server.most = max(server.most, server.now)
            try:
                self._reply(body, fault(number))
            finally:
                with server.lock:
                    server.now -= 1

        def _reply(self, body: dict[str, Any], broken: Fault) -> None:
            if isinstance(broken, int | tuple):
                status, wait = broken if isinstance(broken, tuple) else (broken, "0")
                self.send_response(status)
                self.send_header("retry-after", wait)
                self.end_headers()
                return
            if broken == "drop":
                self.close_connection = True
                return
            if broken == "slow":
                time.sleep(3)
            message = {"role": "assistant", "content": answer(body["messages"], body)}
            choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": "stop"}
            reply: dict[str, Any] = {"choices": [choice]}
            if broken == "error body":
                reply = {"error": {"message": "overloaded"}}
            if broken == "null":
                choice["message"] = {"role": "assistant", "content": None}
            if broken == "thinking":
                choice["message"] = {"role": "assistant", "content": None, "reasoning_content": "Hm"}
            if broken in ("none", "two"):
                reply = {"choices": [choice, choice | {"index": 1}] if broken == "two" else []}
            text = b"<html>" if broken == "garbage" else json.dumps(reply).encode()
            text = text[: len(text) // 2] if broken == "half" else text
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text[: len(text) // 2] if broken == "cut" else text)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = ChatServer(f"http://127.0.0.1:{http.server_address[1]}/v1")
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
