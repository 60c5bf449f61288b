"""Whatever in the trainers measures a model that has a measured relative tries that one's answers as drafts."""

import ast

from helpers.paths import ROOT

FIRST = {
    "trainers/run/checkpoint_eval.py": "the model before has no measured relative",
    "trainers/data/generated/sampling.py": "drawn answers take no drafts",
    "trainers/data/generated/self_replay.py": "the starting model's own answers",
    "trainers/guard/probe.py": "the guard checks the answers before in one pass of its own",
}
"""What measures without drafts, and why."""


def test_every_measurement_of_the_trainers_passes_drafts_or_says_why_not() -> None:
    without, drafted = set(), 0
    for path in sorted((ROOT / "trainers").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id not in ("measure", "measured") or len(node.args) < 2:
                continue
            if any(keyword.arg == "drafts" for keyword in node.keywords):
                drafted += 1
            else:
                without.add(str(path.relative_to(ROOT)))
    assert without == set(FIRST) and drafted >= 6
