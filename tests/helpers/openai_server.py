"""A scripted OpenAI-compatible server: every request is recorded, every reply is what the test says."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, Any]
"""Status and JSON body; a text is sent as it is, as events where it begins with `data:`, else as HTML."""


@dataclass
class Seen:
    """`requests`: (path, headers in lower case, body) in the order they came; `pages`: what a GET of a path gives."""

    url: str
    requests: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    pages: dict[str, Any] = field(default_factory=dict)

    def bodies(self, canary: bool = False) -> list[dict[str, Any]]:
        """The requests that ask an item (also the canary with `canary`)."""
        from holdfast.benchmarks.engine.backends.server_identity import CANARY

        found = [body for _, _, body in self.requests]
        return [body for body in found if canary or CANARY not in json.dumps(body)]


def said(text: str | None, reason: str = "stop", **more: Any) -> Reply:
    """A chat completion; `more`: further fields of the message."""
    message = {"role": "assistant", "content": text, **more}
    return 200, {"choices": [{"index": 0, "message": message, "finish_reason": reason}]}


@contextmanager
def scripted(reply: Callable[[str, dict[str, Any]], Reply]) -> Iterator[Seen]:
    """`reply(path, body)` for every POST."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                seen.requests.append((self.path, headers, body))
            self._send(*reply(self.path, body))

        def do_GET(self) -> None:
            page = seen.pages.get(self.path)
            self._send(404 if page is None else 200, page)

        def _send(self, status: int, content: Any) -> None:
            text = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            kind = "application/json" if not isinstance(content, str) else "text/html"
            self.send_response(status)
            self.send_header("content-type", "text/event-stream" if text.startswith(b"data:") else kind)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    seen = Seen(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
