"""The local server of `holdfast view`: the page, the reports, comparisons on the spot, and nothing else of the disk."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from helpers import interrupts, needs
from helpers.run_folders import folder, training

from holdfast.errors import DataError, UsageError
from holdfast.serve.run_pages import RunPages, make_server


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    root = tmp_path_factory.mktemp("served")
    (root / "secret.txt").write_text("secret")
    server = make_server(folder(root / "runs"), "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield "127.0.0.1", server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def ask(address: tuple[str, int], path: str, method: str = "GET", host: str | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection(*address, timeout=60)
    connection.request(method, path, headers={"Host": host} if host else {})
    response = connection.getresponse()
    text = response.read().decode("utf-8")
    assert response.getheader("X-Content-Type-Options") == "nosniff" or response.status == 501
    connection.close()
    return response.status, text


def test_the_page_its_reports_and_a_comparison(address: tuple[str, int]) -> None:
    status, page = ask(address, "/")
    assert status == 200 and "5 runs" in page and 'href="sft/bad/report.html"' in page
    assert ask(address, "/sft/bad/report.html")[0] == 200
    status, report = ask(address, "/compare?a=c1&b=c2")
    assert status == 200 and "+16.7" in report
    assert ask(address, "/", "HEAD") == (200, "")


def test_runs_that_cannot_be_compared_are_told(address: tuple[str, int]) -> None:
    status, told = ask(address, "/compare?a=c1&b=broken")
    assert status == 422 and told
    status, told = ask(address, f"/compare?a=c1&b={quote('<script>')}")
    assert status == 422 and "no run" in told and "<script>" not in told
    assert ask(address, "/compare")[0] == 422


@pytest.mark.parametrize(
    "path",
    [
        *("/../secret.txt", "/%2e%2e/secret.txt", "/sft/bad/manifest.json", "/sft/bad/after/samples/mmlu.jsonl"),
        *("//etc/passwd", "/sft/bad/../../../secret.txt", "/sft/bad/report.html/..", "/x/report.html"),
        "/sft%2fbad%2freport.html%00",
    ],
)
def test_nothing_else_is_served(address: tuple[str, int], path: str) -> None:
    status, text = ask(address, path)
    assert status in (404, 422) and "secret" not in text and "root:" not in text


ODD = [b"GET //[ HTTP/1.1", b"GET http://[x/ HTTP/1.1", b"GET /%ff%00 HTTP/1.1", b"GET /compare?a=%ff&b=%ed HTTP/1.1",
       b"GET * HTTP/1.1", b"GET ?a HTTP/1.1", b"GET /\xff HTTP/1.1", b"GET /"]  # fmt: skip
HOSTS = [b"localhost", b"[", b"[::1", b"a]b", b"\xff", b"", b"localhost\r\nHost: x"]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("line", ODD)
def test_an_odd_request_gets_an_answer(
    address: tuple[str, int], line: bytes, host: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall(line + b"\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer and b"secret" not in answer and "Traceback" not in capfd.readouterr().err


def test_a_name_that_is_no_text_is_listed_served_and_compared(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    training(odd / "a", "2026-11-01T10:00:00Z")
    training(tmp_path / "\u202eb", "2026-11-01T10:00:00Z")
    pages = RunPages(tmp_path)
    listed = pages.answer("/")
    links = re.findall(r'href="([^"#]*report\.html)"', listed.body.decode())
    assert listed.status == 200 and len(links) == 2
    assert [pages.answer(f"/{link}").status for link in links] == [200, 200]
    assert pages.answer("/compare?a=%EF%BF%BD/a&b=%E2%80%AEb").status == 200
    assert pages.answer("/compare?a=%EF%BF%BD/a&b=x").status == 422


def test_no_link_inside_a_run_is_compared(tmp_path: Path) -> None:
    training(tmp_path / "runs" / "a", "2026-11-01T10:00:00Z")
    training(tmp_path / "runs" / "b", "2026-11-01T10:00:00Z")
    (samples,) = (tmp_path / "runs" / "b" / "after" / "samples").glob("mmlu.jsonl")
    samples.rename(tmp_path / "elsewhere")
    samples.symlink_to(tmp_path / "elsewhere")
    answer = RunPages(tmp_path / "runs").answer("/compare?a=a&b=b")
    assert answer.status == 422 and b"is a link that leads out" in answer.body


def test_a_report_that_vanished_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = RunPages(folder(tmp_path / "runs"))
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: real(path if path.suffix == ".json" else path / "gone"))
    answer = pages.answer("/sft/bad/report.html")
    assert answer.status == 422 and b"cannot read" in answer.body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_takes_no_writes(address: tuple[str, int], method: str) -> None:
    assert ask(address, "/", method)[0] == 501


def test_another_host_gets_no_answer(address: tuple[str, int]) -> None:
    assert ask(address, "/", host="evil.example")[0] == 403
    assert ask(address, "/", host=f"localhost:{address[1]}")[0] == 200


def test_a_taken_port_and_no_folder(tmp_path: Path, address: tuple[str, int]) -> None:
    with pytest.raises(UsageError, match="choose another port="):
        make_server(tmp_path, *address)
    with pytest.raises(DataError, match="is not a folder"):
        make_server(tmp_path / "absent", "127.0.0.1", 0)


def test_the_command_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    runs = folder(tmp_path / "runs")
    command = [sys.executable, "-m", "holdfast", "view", str(runs), "port=0", "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True, preexec_fn=interrupts.hear) as serving:
        assert serving.stdout is not None
        where = json.loads(serving.stdout.readline())["address"]
        host, port = where.removeprefix("http://").strip("/").split(":")
        assert "5 runs" in ask((host, int(port)), "/")[1]
        serving.send_signal(2)
        serving.communicate(timeout=60)
    assert serving.returncode == 0


@pytest.mark.browser
def test_two_ticked_runs_lead_to_their_paired_report(address: tuple[str, int]) -> None:
    program = needs.chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        errors: list[str] = []
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.goto(f"http://{address[0]}:{address[1]}/")
        for name in ("c1", "c2"):
            page.check(f"input[aria-label='Choose {name}']")
        page.click("text=compare them item by item")
        page.wait_for_selector("h1")
        assert "compare?a=c1&b=c2" in page.url and page.locator("#skills").count() == 1
        assert not [error for error in errors if "favicon" not in error and "404" not in error]
        browser.close()
