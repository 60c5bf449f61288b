"""The report in a pull request: one comment, ours alone, written anew, and never a reason to fail."""

import json
from pathlib import Path

import pytest
from helpers.forge import Forge, forge

from holdfast.errors import DataError, UsageError
from holdfast.report import comment


def _github(server: Forge) -> dict[str, str]:
    return {
        "GITHUB_REPOSITORY": "kelp/pack",
        "GITHUB_API_URL": server.address,
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_TOKEN": "t",
    }


def _gitlab(server: Forge) -> dict[str, str]:
    return {
        "CI_API_V4_URL": server.address,
        "CI_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_IID": "7",
        "GITLAB_TOKEN": "t",
    }


@pytest.mark.parametrize(("variables", "user"), [(_github, None), (_github, "gatekeeper"), (_gitlab, "gatekeeper")])
def test_it_is_written_once_and_then_anew(variables, user) -> None:
    with forge(user=user) as server:
        where = comment.place(variables(server))
        assert where is not None
        for number in range(150):
            server.add(f"talk {number}")
        first = comment.put("one", "holdfast", where)
        again = comment.put("two", "holdfast", where)
        other = comment.put("three", "holdfast: code", where)
    bodies = [entry["body"] for entry in server.comments[150:]]
    assert bodies == ["<!-- holdfast: holdfast -->\ntwo", "<!-- holdfast: holdfast-code -->\nthree"]
    assert first == again != other
    assert server.tokens == {"Bearer t" if variables is _github else "t"}


def test_the_addresses_are_those_of_the_forges() -> None:
    with forge() as server:
        comment.put("a", "x", comment.place(_github(server)))
        assert server.asked == ["GET /repos/kelp/pack/issues/7/comments", "POST /repos/kelp/pack/issues/7/comments"]
        comment.put("b", "x", comment.place(_github(server)))
        assert server.asked[-1] == "PATCH /repos/kelp/pack/issues/comments/1"
    with forge(user="me") as server:
        comment.put("a", "x", comment.place(_gitlab(server)))
        comment.put("b", "x", comment.place(_gitlab(server)))
        assert server.asked[1] == "POST /projects/3/merge_requests/7/notes"
        assert server.asked[-1] == "PUT /projects/3/merge_requests/7/notes/1"


@pytest.mark.parametrize("user", [None, "gatekeeper"])
def test_a_comment_of_somebody_else_is_left_alone(user) -> None:
    planted = "<!-- holdfast: holdfast -->\nAll is well."
    with forge(user=user) as server:
        server.add(planted)
        comment.put("one", "holdfast", comment.place(_github(server)))
    assert [entry["body"] for entry in server.comments] == [planted, "<!-- holdfast: holdfast -->\none"]


def test_a_long_report_is_cut_and_says_so() -> None:
    with forge() as server:
        comment.put("line\n" * 20_000, "holdfast", comment.place(_github(server)))
    body = server.comments[0]["body"]
    assert len(body) < 65_536
    assert "Cut here" in body.splitlines()[-1]


@pytest.mark.parametrize(
    ("event", "number"),
    [
        ({"pull_request": {"number": 9}}, 9),
        ({"issue": {"number": 9, "pull_request": {}}}, 9),
        ({"issue": {"number": 9}}, None),
        ({}, None),
    ],
)
def test_the_request_is_found_in_the_event(event, number, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text(json.dumps(event))
    variables = {
        "GITHUB_REPOSITORY": "a/b",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_TOKEN": "t",
    }
    found = comment.place(variables)
    assert (found and found.comments) == (number and "https://api.github.com/repos/a/b/issues/9/comments")


def test_without_a_request_there_is_no_comment() -> None:
    assert comment.place({}) is None
    assert comment.place({"CI_API_V4_URL": "https://forge"}) is None


def test_without_a_token_it_says_which() -> None:
    with pytest.raises(UsageError, match="GITHUB_TOKEN"):
        comment.place({"GITHUB_REPOSITORY": "a/b", "GITHUB_REF": "refs/pull/7/merge"})


def _main(tmp_path: Path, monkeypatch, variables: dict[str, str]) -> int:
    (tmp_path / "report.md").write_text("held")
    for name in ("GITHUB_REPOSITORY", "CI_API_V4_URL", "GITHUB_EVENT_PATH"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return comment.main([str(tmp_path / "report.md")])


def test_a_token_that_may_not_write_is_a_warning(tmp_path, monkeypatch, capsys) -> None:
    with forge(reads_only=True) as server:
        assert _main(tmp_path, monkeypatch, _github(server)) == 0
    assert capsys.readouterr().out.startswith("::warning title=No comment::POST")


@pytest.mark.parametrize("ending", ["/comments", "/user"])
@pytest.mark.parametrize("kind", ["page", "other", "hangs"])
def test_an_answer_that_is_none_is_a_warning(kind: str, ending: str, tmp_path, monkeypatch, capsys) -> None:
    """A proxy's page, another thing, a connection that ends: in the list of comments and in who we are."""
    with forge(broken=f"{kind} {ending}") as server:
        server.add("<!-- holdfast: holdfast -->\nold", "github-actions[bot]", "Bot")
        assert _main(tmp_path, monkeypatch, _github(server)) == 0
    assert capsys.readouterr().out.startswith("::warning title=No comment::")


@pytest.mark.parametrize("address", ["http://[", "nowhere", "http://\x00", "https://a b"])
def test_an_address_that_is_none_is_a_warning(address: str, tmp_path, monkeypatch, capsys) -> None:
    with forge() as server:
        variables = _github(server)
    monkeypatch.setattr(comment.os, "environ", {**variables, "GITHUB_API_URL": address})
    (tmp_path / "report.md").write_text("held")
    assert comment.main([str(tmp_path / "report.md")]) == 0
    assert "cannot be reached" in capsys.readouterr().out


@pytest.mark.parametrize("event", ["", "[]", "{", "\xff", '{"issue": null}', '{"pull_request": null}'])
def test_an_odd_event_is_no_traceback(event: str, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text(event, encoding="latin-1")
    variables = {"GITHUB_REPOSITORY": "a/b", "GITHUB_EVENT_PATH": str(tmp_path / "event.json"), "GITHUB_TOKEN": "t"}
    try:
        assert comment.place(variables) is None
    except DataError as error:
        assert "event.json" in str(error)


@pytest.mark.parametrize(("author", "ours"), [(None, "github-actions[bot]"), ("gate[bot]", "gate[bot]")])
def test_another_robots_comment_is_left_alone(author: str | None, ours: str) -> None:
    """A job's token may not ask who it is: its comments are those of its own robot, not of any."""
    with forge() as server:
        variables = _github(server) | ({"COMMENT_AUTHOR": author} if author else {})
        for login in ("dependabot[bot]", ours):
            server.add("<!-- holdfast: holdfast -->\nold", login, "Bot")
        comment.put("new", "holdfast", comment.place(variables))
    assert [entry["body"].rpartition("\n")[2] for entry in server.comments] == ["old", "new"]


def test_a_forge_that_is_not_there_is_a_warning(tmp_path, monkeypatch, capsys) -> None:
    with forge() as server:
        variables = _github(server)
    assert _main(tmp_path, monkeypatch, variables) == 0
    assert "cannot be reached" in capsys.readouterr().out
