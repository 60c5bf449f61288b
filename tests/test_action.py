"""The action of action.yml, its steps run here: verdict, comment, files and check."""

import json
import re
from pathlib import Path

import pytest
import yaml
from helpers.composite import run_action
from helpers.forge import Forge, forge
from helpers.made_runs import flipped, made_rows, made_run
from helpers.paths import ROOT

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
CASES = {"regressed": (1, (1000, 800, 120, 0)), "pass": (0, (1000, 800, 5, 5)), "inconclusive": (2, (30, 20, 1, 1))}
BASE = {"before": "before", "after": "after", "install": ""}


def _runs(folder: Path, table: tuple[int, int, int, int]) -> None:
    before, after = flipped(*table)
    made_run(folder / "before", {"style": made_rows("style", before)}, "a")
    made_run(folder / "after", {"style": made_rows("style", after)}, "b")


def _job(server: Forge) -> dict[str, str]:
    return {"GITHUB_REPOSITORY": "a/b", "GITHUB_API_URL": server.address, "GITHUB_REF": "refs/pull/7/merge"}


@pytest.mark.parametrize(
    "verdict", ["regressed", *(pytest.param(one, marks=pytest.mark.slow) for one in ("pass", "inconclusive"))]
)
def test_it_comments_uploads_and_sets_the_check(verdict: str, tmp_path: Path) -> None:
    code, table = CASES[verdict]
    _runs(tmp_path, table)
    with forge() as server:
        ran = run_action(tmp_path, BASE | {"args": "margin=2\n\nmax_flips=5"}, _job(server))
    assert (ran.code, ran.ended) == (code, "verdict" if code else ""), ran.log
    assert ran.outputs["verdict"] == verdict
    assert ran.outputs["exit-code"] == str(code)
    (entry,) = server.comments
    assert entry["body"].startswith("<!-- holdfast: holdfast -->\n### ")
    assert ran.outputs["comment"] == entry["html_url"]
    assert server.tokens == {"Bearer the job's token"}
    assert entry["body"].partition("\n")[2].strip() == ran.summary.strip()
    (upload,) = ran.used
    assert upload["name"] == "holdfast-report"
    files = {path.name for path in Path(upload["path"]).iterdir()}
    assert files == {"report.html", "report.md", "report.json", "gate.xml"}
    assert f"::{'error' if code else 'notice'} title=holdfast::{verdict}" in ran.log


@pytest.mark.slow
def test_the_comment_is_written_anew_and_another_gates_is_left(tmp_path: Path) -> None:
    _runs(tmp_path, CASES["regressed"][1])
    with forge() as server:
        run_action(tmp_path, BASE, _job(server))
        _runs(tmp_path / "again", CASES["pass"][1])
        again = {"before": "again/before", "after": "again/after", "install": "", "args": "margin=2"}
        run_action(tmp_path, again, _job(server))
        run_action(tmp_path, again | {"name": "code"}, _job(server))
    assert [re.findall(r"### \S+ (\w+)", entry["body"]) for entry in server.comments] == [["Pass"], ["Pass"]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verdict", "fail_on", "code"),
    [
        ("regressed", "regressed", 1),
        ("regressed", "never", 0),
        ("inconclusive", "regressed", 0),
        ("inconclusive", "never", 0),
        ("pass", "sometimes", 64),
    ],
)
def test_what_makes_the_check_red_is_chosen(verdict: str, fail_on: str, code: int, tmp_path: Path) -> None:
    _runs(tmp_path, CASES[verdict][1])
    settings = {"fail-on": fail_on, "comment": "false", "args": "margin=2"}
    assert run_action(tmp_path, BASE | settings, {}).code == code


@pytest.mark.slow
@pytest.mark.parametrize(("until", "code"), [("2999-12-31", 0), ("2020-01-31", 1)])
def test_a_known_regression_is_waived_until_its_day(until: str, code: int, tmp_path: Path) -> None:
    _runs(tmp_path, CASES["regressed"][1])
    waived = {"style": {"drop": 15, "reason": "agreed in March", "until": until}}
    (tmp_path / "gate.yaml").write_text(json.dumps({"margin": 20, "waived": waived}))
    ran = run_action(tmp_path, BASE | {"policy": "gate.yaml", "comment": "false"}, {})
    assert ran.code == code, ran.log
    assert "agreed in March" in ran.summary


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"after": ""}, "give before and after"),
        ({"model": "tiny"}, "give before and after, or model and against"),
        ({"before": "", "after": "", "model": "tiny"}, "belong together"),
        ({"suite": "tiny"}, "need model and against"),
        ({"after": "nowhere"}, "nowhere"),
        ({"args": "margn=1"}, "did you mean 'margin'"),
    ],
)
def test_a_wrong_call_says_what_is_wrong_and_is_no_verdict(settings: dict[str, str], said: str, tmp_path: Path) -> None:
    _runs(tmp_path, CASES["pass"][1])
    ran = run_action(tmp_path, BASE | settings, {})
    assert ran.ended == "gate"
    assert ran.code > 2
    assert said in ran.log
    assert ran.outputs["verdict"] == ""


@pytest.mark.slow
def test_it_measures_two_models(tmp_path: Path) -> None:
    settings = {"model": "tiny", "against": "tiny", "suite": "[tiny_upper,tiny_reverse]", "eval-args": "limit=40"}
    ran = run_action(tmp_path, settings | {"install": "", "args": "margin=5"}, {})
    assert ran.outputs["verdict"] == "pass", ran.log


def test_no_input_is_put_into_a_script_and_all_are_described() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert "uses" in step or step["shell"] == "bash"
        if "uses" in step:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"])
    assert all(entry["description"] for entry in [*ACTION["inputs"].values(), *ACTION["outputs"].values()])


def test_the_page_names_every_input() -> None:
    page = (ROOT / "docs" / "gate.md").read_text()
    assert [name for name in ACTION["inputs"] if f"`{name}`" not in page] == []
