"""The workflows of the forge: pinned, with few rights, and made of targets that exist."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.needs import NEEDS
from helpers.paths import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text()
RIGHTS = {
    "publish": {"id-token": "write", "attestations": "write"},
    "publish-image": {"packages": "write"},
    "publish-site": {"contents": "write"},
}
"""Of release.yml, by job: no job has more, and no job of another workflow has any."""


def _jobs(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text())["jobs"])


def _steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in _jobs(path).values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit(path: Path) -> None:
    used = [step["uses"] for step in _steps(path) if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) for name in used)
    lines = [line for line in path.read_text().splitlines() if "uses:" in line]
    assert all(re.search(r"# v\d+\.\d+\.\d+$", line) for line in lines)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_rights_time_and_concurrency_are_bounded(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert "group" in workflow["concurrency"]
    for name, job in _jobs(path).items():
        assert job["timeout-minutes"] <= 360
        assert job.get("permissions", {}) == (RIGHTS.get(name, {}) if path.name == "release.yml" else {})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_a_step_runs_is_here(path: Path) -> None:
    for step in _steps(path):
        command = step.get("run", "")
        for target in re.findall(r"\bmake ([\w-]+)", command):
            assert re.search(rf"^{target}:", MAKEFILE, re.M), command
        for script in re.findall(r"(?<!\w)(\.ci/[\w-]+|tests/[\w/.]+)", command):
            assert (ROOT / script).exists(), command
        required = step.get("env", {}).get("HOLDFAST_REQUIRE", "")
        assert set(required.split(",")) <= {"", *NEEDS}


def test_a_release_is_tried_on_every_python_before_anything_is_published() -> None:
    jobs = _jobs(ROOT / ".github/workflows/release.yml")
    bare = _jobs(ROOT / ".github/workflows/test.yml")["test"]["strategy"]["matrix"]["python"]
    assert jobs["try"]["strategy"]["matrix"]["python"] == bare
    assert jobs["publish"]["needs"] == ["try", "image", "site"] and jobs["publish"]["environment"] == "release"
    assert {name for name, job in jobs.items() if job.get("needs") == "publish"} == {"publish-image", "publish-site"}
    assert any(".ci/smoke dist/*.whl" in step.get("run", "") for step in jobs["try"]["steps"])
    assert any("tests/serve/test_container.py" in step.get("run", "") for step in jobs["image"]["steps"])


def test_who_may_write_runs_nothing_of_the_repository() -> None:
    """What is published was built before the approval, by jobs without rights, and is taken as it was tried."""
    jobs = _jobs(ROOT / ".github/workflows/release.yml")
    handed = {
        step["with"]["name"] for job in jobs.values() for step in job["steps"] if "upload" in step.get("uses", "")
    }
    taken = set()
    for name in RIGHTS:
        steps = jobs[name]["steps"]
        assert not any("checkout" in step.get("uses", "") or "setup-python" in step.get("uses", "") for step in steps)
        assert not re.search(r"\b(make|pip|python|pytest|build|run)\b", " ".join(step.get("run", "") for step in steps))
        taken |= {step["with"]["name"] for step in steps if "download-artifact" in step.get("uses", "")}
    assert handed == taken == {"dist", "image", "site"}
    for name, job in jobs.items():
        credentials = [
            one["with"].get("persist-credentials") for one in job["steps"] if "checkout" in one.get("uses", "")
        ]
        assert set(credentials) <= {False}, name


def test_every_night_nothing_is_skipped() -> None:
    required = [
        step.get("env", {}).get("HOLDFAST_REQUIRE", "") for step in _steps(ROOT / ".github/workflows/nightly.yml")
    ]
    assert set(NEEDS) in [set(one.split(",")) for one in required]


def test_every_foreign_package_of_the_tests_has_an_environment() -> None:
    """`make envs` makes all that the tests ask for, so that the hint of a skipped test leads somewhere."""
    (names,) = re.findall(r"^envs: \$\(foreach name,([\w -]+),", MAKEFILE, re.M)
    tests = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py")]
    asked = {name for text in tests for name in re.findall(r'foreign_python\("([\w-]+)"', text)}
    assert asked == set(names.split()) == set(re.findall(r"^VERSION_([\w-]+) :=", MAKEFILE, re.M))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_script_holds_what_somebody_else_writes(path: Path) -> None:
    """A branch's or a tag's name inside a script would be code of whoever names it."""
    for step in _steps(path):
        assert not re.search(r"\$\{\{ *github\.(?:event|head_ref|ref)", step.get("run", "")), step


def test_the_bare_job_leaves_out_what_a_test_may_need() -> None:
    (bare,) = re.findall(r"^BARE := (.*)$", MAKEFILE, re.M)
    assert {f"not {need}" for need in NEEDS if need != "packages"} <= set(bare.split(" and "))


def test_every_supported_python_is_tested() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    stated = [name.rpartition(" ")[2] for name in project["classifiers"] if ":: Python :: 3." in name]
    assert _jobs(ROOT / ".github/workflows/test.yml")["test"]["strategy"]["matrix"]["python"] == stated


def test_every_target_is_phony() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.M)
    assert set(re.findall(r"^([a-z][\w-]*):", MAKEFILE, re.M)) == set(phony.split())
