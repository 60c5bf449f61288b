"""Style `pytest`: the test files run under pytest in the judge; the module they import is a proxy of the program.

A test that was skipped, expected to fail, or could not be set up or collected counts as failed.
"""

import os
import pathlib
import queue
import sys
import tempfile
import threading
from typing import Any

from ..confinement import wipe
from .candidate_client import HOME, CandidateClient
from .program_module import Program
from .proxies import PartialIsolationError
from .styles import BadTestsError, Results, compiled, refuse_own_fault, share_seeds

_FLAGS = ["-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:terminal", "--import-mode=prepend"]
_Item = tuple[bool, str] | BaseException | None


class Reporter:
    """A pytest plug-in that turns reports into results."""

    def __init__(self, results: "queue.SimpleQueue[_Item]", client: CandidateClient) -> None:
        self._results, self._client = results, client
        self.seen = 0
        self.folder = ""
        """Where the tests run."""

    def pytest_collection_finish(self, session: object) -> None:
        """All files have been read."""
        os.chdir(self.folder)

    def pytest_runtest_makereport(self, item: object, call: Any) -> None:
        """Before pytest reads what a test raised: are the tests themselves to blame?"""
        self._look(call)

    def pytest_exception_interact(self, node: object, call: Any, report: object) -> None:
        """The same for files that cannot be collected."""
        self._look(call)

    def _look(self, call: Any) -> None:
        import pytest
        from _pytest.fixtures import FixtureLookupError

        error = call.excinfo.value if call.excinfo is not None else None
        if isinstance(error, PartialIsolationError):
            self._client.needs_partial = True
        if error is None or self._client.gone:
            return
        try:
            if isinstance(error, FixtureLookupError):
                raise BadTestsError(f"the tests need a fixture that is not there: {str(error.argname)[:100]}")
            cause = error.__cause__ if isinstance(error, pytest.Collector.CollectError) else error
            refuse_own_fault(cause or error, self._client)
        except BadTestsError as bad:
            self._results.put(bad)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """One phase of one test: its call decides, unless its set-up or tear-down fails."""
        if report.when == "call" or not report.passed:
            self.seen += 1
            good = bool(report.passed) and not hasattr(report, "wasxfail")
            reason = (
                "the program's process is gone"
                if good and self._client.gone
                else _failure_text(report)
                if not good
                else ""
            )
            self._results.put((not reason, reason and f"{report.nodeid} {reason}"))

    def pytest_collectreport(self, report: Any) -> None:
        """A file that could not be collected is a failed test."""
        if report.failed or report.skipped:
            self.seen += 1
            self._results.put((False, f"{report.nodeid} {_failure_text(report)}"))


def run_pytest(client: CandidateClient, program: dict[str, str], job: dict[str, Any]) -> Results:
    """Run the files in the judge's directory; one result per test, as they finish."""
    name = job.get("module") or "solution"
    sys.modules[name] = Program(name, client, program, job.get("free") or [])
    if job.get("seeds"):
        share_seeds(client)
    home = client.home
    wipe.empty(home)
    files = [_write(home, path, text) for path, text in job["tests"].items()]
    HOME.update(os.path.basename(path).removesuffix(".py") for path in files)  # noqa: PTH119
    results: queue.SimpleQueue[_Item] = queue.SimpleQueue()
    reporter = Reporter(results, client)
    arguments = (home, client.scratch, results, reporter)
    thread = threading.Thread(target=_run, args=arguments, daemon=True)
    thread.start()
    while (item := results.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item
    if not reporter.seen:
        raise BadTestsError("pytest found no tests")


def _run(home: str, scratch: str, results: "queue.SimpleQueue[_Item]", reporter: Reporter) -> None:
    import pytest

    class Shared:
        """A `tmp_path` that both the tests and the program can read and write."""

        @pytest.fixture
        def tmp_path(self) -> pathlib.Path:
            return _open_folder(scratch)

    reporter.folder = os.getcwd()  # noqa: PTH109
    os.chdir(home)  # what the program may have left in a shared folder is no configuration and no module of pytest's
    try:
        arguments = [*_FLAGS, f"--rootdir={home}", f"--basetemp={home}/.tmp", home]
        status = int(pytest.main(arguments, plugins=[reporter, Shared()]))
        if status not in (0, 1, 2, 5):
            results.put(BadTestsError(f"pytest ended with status {status}"))
    except BaseException as error:  # noqa: BLE001 - crosses to the thread that reports
        results.put(error)
    results.put(None)


def _open_folder(scratch: str) -> pathlib.Path:
    os.umask(0)
    made = pathlib.Path(tempfile.mkdtemp(prefix="tests-", dir=scratch))
    made.chmod(0o777)
    return made


def _write(home: str, path: str, text: str) -> str:
    if path.endswith(".py"):
        compiled(text, path)
    target = os.path.normpath(os.path.join(home, path))  # noqa: PTH118
    if not target.startswith(home + "/"):
        raise BadTestsError(f"the test file {path!r} would lie outside the tests' folder")
    os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
    with open(target, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(text)
    return target


def _failure_text(report: Any) -> str:
    if report.skipped:
        return "was skipped"
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)[-200:] or report.outcome
    return f"failed: {text[:300]}"
