"""Put a report into one comment of a pull request (GitHub) or merge request (GitLab), written anew each time.

usage: python -m holdfast.report.comment FILE.md [NAME]

The forge, the request and the token are read from the variables of its job: GITHUB_TOKEN, or GITLAB_TOKEN. NAME tells
the comments of several gates apart. Exit code 0 also where there is no request, where the forge refuses (a token of a
fork may not write) and where it cannot be reached: the verdict is the gate's own exit code, and a line says why there
is no comment. COMMENT_AUTHOR is the login of a GitHub App whose token is used (default: github-actions[bot]).
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from holdfast.errors import EXIT_USAGE, DataError, HoldfastError, UsageError
from holdfast.files import read_json

LONGEST = 65_000
"""Characters of a comment; GitHub takes 65,536."""
_PER_PAGE = 100
_MOST_PAGES = 50
_LISTS = ("/comments", "/notes")


class RefusedError(HoldfastError):
    """The forge does not let this token write, or cannot be reached."""


class StatusError(RefusedError):
    """The forge answered with a status that says no."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the comments of one request are."""

    comments: str
    """Address of the list: new ones are posted there."""
    edit: str
    """Address of one, with `{}` for its id."""
    user: str
    """Address that tells who the token belongs to."""
    headers: Mapping[str, str]
    method: str
    author: str
    """The field of a comment that holds who wrote it."""
    name: str
    """The author's field that holds the name."""
    robot: str = ""
    """Who writes where the forge does not say who the token belongs to."""


def place(environment: Mapping[str, str]) -> Place | None:
    """The request that a job is about; None where it is about none. Raises UsageError where the token is missing."""
    if environment.get("GITHUB_REPOSITORY"):
        return _github(environment)
    if environment.get("CI_API_V4_URL"):
        return _gitlab(environment)
    return None


def _github(environment: Mapping[str, str]) -> Place | None:
    number = _pull_request(environment)
    if number is None:
        return None
    api = environment.get("GITHUB_API_URL", "https://api.github.com")
    repository = f"{api}/repos/{environment['GITHUB_REPOSITORY']}"
    token = _token(environment, "GITHUB_TOKEN")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    comments = f"{repository}/issues/{number}/comments"
    edit, robot = f"{repository}/issues/comments/{{}}", environment.get("COMMENT_AUTHOR") or "github-actions[bot]"
    return Place(comments, edit, f"{api}/user", headers, "PATCH", "user", "login", robot)


def _pull_request(environment: Mapping[str, str]) -> int | None:
    if found := re.fullmatch(r"refs/pull/(\d+)/\w+", environment.get("GITHUB_REF", "")):
        return int(found[1])
    path = environment.get("GITHUB_EVENT_PATH")
    event = read_json(Path(path)) if path else {}
    issue = event.get("issue") or {}
    about = event.get("pull_request") or (issue if "pull_request" in issue else None)
    return int(about["number"]) if about else None


def _gitlab(environment: Mapping[str, str]) -> Place | None:
    number = environment.get("CI_MERGE_REQUEST_IID")
    if not number:
        return None
    api = environment["CI_API_V4_URL"]
    notes = f"{api}/projects/{environment['CI_PROJECT_ID']}/merge_requests/{number}/notes"
    headers = {"PRIVATE-TOKEN": _token(environment, "GITLAB_TOKEN")}
    return Place(notes, f"{notes}/{{}}", f"{api}/user", headers, "PUT", "author", "username")


def _token(environment: Mapping[str, str], name: str) -> str:
    token = environment.get(name, "")
    if not token:
        raise UsageError(f"a comment needs a token in {name}")
    return token


def put(text: str, name: str, where: Place) -> str:
    """Write the comment called `name`, in the place of the one before; returns its address.

    Only a comment of this very author is replaced. Raises RefusedError for what the forge does not let us do.
    """
    marker = f"<!-- holdfast: {re.sub('[^a-z0-9]+', '-', name.lower())} -->"
    body = {"body": _fitted(f"{marker}\n{text}")}
    with httpx.Client(headers=where.headers, timeout=30, follow_redirects=False) as client:
        former = _former(client, where, marker)
        if former is None:
            answer = _sent(client, "POST", where.comments, json=body)
        else:
            answer = _sent(client, where.method, where.edit.format(former), json=body)
    return str(answer.get("html_url") or where.comments)


def _fitted(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return text[:LONGEST].rpartition("\n")[0] + "\n\n_Cut here: the whole report is among the job's files._\n"


def _former(client: httpx.Client, where: Place, marker: str) -> int | None:
    """The id of our comment of before."""
    found = [one for one in _comments(client, where) if str(one.get("body", "")).startswith(marker)]
    if not found:
        return None
    own = _author(client, where)
    return next((int(one["id"]) for one in found if (one.get(where.author) or {}).get(where.name) == own), None)


def _author(client: httpx.Client, where: Place) -> str:
    """Whose comments are ours: a job's own token may not ask who it is."""
    try:
        return str(_sent(client, "GET", where.user)[where.name])
    except StatusError:
        return where.robot


def _comments(client: httpx.Client, where: Place) -> Iterator[dict[str, Any]]:
    for page in range(1, _MOST_PAGES + 1):
        comments = _sent(client, "GET", where.comments, params={"per_page": _PER_PAGE, "page": page})
        yield from comments
        if len(comments) < _PER_PAGE:
            return


def _sent(client: httpx.Client, method: str, address: str, **more: Any) -> Any:
    try:
        answer = client.request(method, address, **more)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise RefusedError(f"{address} cannot be reached: {type(error).__name__}") from error
    if not answer.is_success:
        raise StatusError(f"{method} {address}: status {answer.status_code}")
    try:
        found = answer.json()
    except ValueError as error:
        raise RefusedError(f"{method} {address}: the answer is not JSON") from error
    if not isinstance(found, list if method == "GET" and address.endswith(_LISTS) else dict):
        raise RefusedError(f"{method} {address}: the answer is not a forge's")
    return found


def main(arguments: list[str]) -> int:
    """Run the command line."""
    if not arguments or len(arguments) > 2:
        print((__doc__ or "").strip(), file=sys.stderr)
        return EXIT_USAGE
    try:
        text = Path(arguments[0]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {arguments[0]}: {error}") from error
    where = place(os.environ)
    if where is None:
        print("no pull request: no comment")
        return 0
    try:
        print(put(text, arguments[1] if len(arguments) == 2 else "holdfast", where))
    except RefusedError as error:
        print(f"::warning title=No comment::{error}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except HoldfastError as error:
        print(f"holdfast: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
