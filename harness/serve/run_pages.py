"""The local server behind `holdfast view`: the page of a folder's runs, their reports, comparisons made on the spot.

It answers GET for what the page links to and for nothing else, and writes nothing. A request must name this server in
its Host header: a page of the web that resolves to this machine gets no answer.
"""

import html
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from holdfast.errors import DataError, HoldfastError, UsageError
from holdfast.report.html.html_builder import visible
from holdfast.report.view.entries import Entry, read_runs, sweeps
from holdfast.report.view.page import Links, address, render

_KEPT = 32
"""Comparisons kept in memory."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request gets."""

    status: HTTPStatus
    body: bytes


class RunPages:
    """The pages of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._compared: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def answer(self, target: str) -> Answer:
        """The page at a path with its query."""
        place, _, query = target.partition("?")
        path = unquote(place, errors="surrogateescape").lstrip("/")
        try:
            if path == "":
                return _page(self._index())
            if path == "compare":
                return _page(self._comparison(parse_qs(query, errors="surrogateescape")))
            return self._report(path)
        except HoldfastError as error:
            return _message_page(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))

    def _index(self) -> str:
        pages = [address(path) for path in sweeps(self.folder)]
        links = Links(lambda entry: address(entry.report) if entry.report else None, str(self.folder), "compare")
        return render(read_runs(self.folder), links, pages)

    def _report(self, path: str) -> Answer:
        """A report or a sweep's page of the list: what is not in it is not served."""
        known = {entry.report for entry in read_runs(self.folder)} if path.endswith("report.html") else set()
        if path not in known and path not in sweeps(self.folder):
            return _message_page(HTTPStatus.NOT_FOUND, "no such page")
        try:
            return Answer(HTTPStatus.OK, (self.folder / path).read_bytes())
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from error

    def _comparison(self, query: Mapping[str, list[str]]) -> str:
        """The report of two runs, paired item by item. Raises HoldfastError where they cannot be compared."""
        from holdfast.compare import compare
        from holdfast.compare.reading.inside import load_inside
        from holdfast.report import text

        entries = {visible(entry.path): entry for entry in read_runs(self.folder)}
        sides = [_chosen(entries, query, name) for name in ("a", "b")]
        key = sides[0].path + sides[0].created, sides[1].path + sides[1].created
        with self._lock:
            if key not in self._compared:
                measured = [load_inside(side.path, self.folder) for side in sides]
                if len(self._compared) >= _KEPT:
                    del self._compared[next(iter(self._compared))]
                self._compared[key] = text(compare(*measured, allow=["tasks"]), "html")
            return self._compared[key]


def _chosen(entries: Mapping[str, Entry], query: Mapping[str, list[str]], name: str) -> Entry:
    path = (query.get(name) or [""])[0]
    if visible(path) not in entries:
        raise DataError(f"no run {path!r}")
    return entries[visible(path)]


def _page(text: str) -> Answer:
    return Answer(HTTPStatus.OK, text.encode("utf-8", "replace"))


def _message_page(status: HTTPStatus, message: str) -> Answer:
    body = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{status.phrase}</title><p>{html.escape(message)}</p>"
    )
    return Answer(status, body.encode("utf-8", "replace"))


def make_server(folder: Path, host: str, port: int) -> ThreadingHTTPServer:
    """The server, bound. Raises DataError for what is no folder, UsageError for a port that is taken."""
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder")
    pages = RunPages(folder)

    class Handler(BaseHTTPRequestHandler):
        """Answers one request."""

        server_version, sys_version = "holdfast", ""
        timeout = 60
        """Seconds that a silent client is waited for."""

        def do_GET(self) -> None:
            self._send(body=True)

        def do_HEAD(self) -> None:
            self._send(body=False)

        def _send(self, body: bool) -> None:
            answer = (
                pages.answer(self.path) if self._is_for_us() else _message_page(HTTPStatus.FORBIDDEN, "another host")
            )
            self.send_response(answer.status)
            for name, value in (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(answer.body))),
                                ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
                                ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer")):  # fmt: skip
                self.send_header(name, value)
            self.end_headers()
            if body:
                with suppress(ConnectionError):  # a page that was left
                    self.wfile.write(answer.body)

        def _is_for_us(self) -> bool:
            try:
                named = urlsplit(f"//{self.headers.get('Host', '')}").hostname
            except ValueError:  # an address in brackets that is none
                return False
            return named in {host, "localhost", "127.0.0.1", "::1"} or host in ("0.0.0.0", "::")

        def log_message(self, format: str, *args: Any) -> None:
            """Requests are not logged."""

    try:
        return ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}; choose another port=") from error
