"""A stand-in for the comments of a forge's pull request, over HTTP: lists, takes, changes, and notes what was asked."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Forge(ThreadingHTTPServer):
    """The server with its comments."""

    def __init__(self, reads_only: bool, user: str | None, broken: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.comments: list[dict[str, Any]] = []
        self.reads_only = reads_only
        self.user = user
        """Who the token belongs to; None: the robot of a job, which may not ask."""
        self.broken = broken
        """Which addresses answer with what is no JSON (`page`), with another thing (`other`) or by hanging up."""
        self.asked: list[str] = []
        self.tokens: set[str] = set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, body: str, login: str = "somebody", kind: str = "User") -> None:
        author = {"login": login, "username": login, "type": kind}
        entry = {"id": len(self.comments) + 1, "body": body, "user": author, "author": author}
        entry["html_url"] = f"{self.address}/comment/{entry['id']}"
        self.comments.append(entry)


class _Handler(BaseHTTPRequestHandler):
    server: Forge

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._note()
        parts = urlsplit(self.path)
        kind, _, ending = self.server.broken.partition(" ")
        if kind and parts.path.endswith(ending):
            return None if kind == "hangs" else self._answer(200, {"page": "<html>", "other": 3}[kind], kind == "page")
        if parts.path.endswith("/user"):
            found = self.server.user
            return self._answer(403, {}) if found is None else self._answer(200, {"login": found, "username": found})
        asked = parse_qs(parts.query)
        page, size = int(asked["page"][0]), int(asked["per_page"][0])
        return self._answer(200, self.server.comments[(page - 1) * size : page * size])

    def do_POST(self) -> None:
        self._note()
        if self.server.reads_only:
            return self._answer(403, {"message": "Resource not accessible by integration"})
        self.server.add(self._body()["body"], self.server.user or "github-actions[bot]", "Bot")
        return self._answer(201, self.server.comments[-1])

    def do_PATCH(self) -> None:
        self._note()
        (number,) = re.findall(r"/(\d+)$", self.path)
        entry = self.server.comments[int(number) - 1]
        entry["body"] = self._body()["body"]
        return self._answer(200, entry)

    def do_PUT(self) -> None:
        self.do_PATCH()

    def _note(self) -> None:
        self.server.asked.append(f"{self.command} {urlsplit(self.path).path}")
        self.server.tokens.add(self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or "")

    def _body(self) -> dict[str, Any]:
        return dict(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, status: int, content: Any, is_text: bool = False) -> None:
        text = (content if is_text else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def forge(reads_only: bool = False, user: str | None = None, broken: str = "") -> Iterator[Forge]:
    """A running one."""
    with Forge(reads_only, user, broken) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
