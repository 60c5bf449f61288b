"""Cards of the rewards (`make cards`): error rates on recorded labels, and what the cheapest texts score.

A reward without recorded labels is audited on its own examples, and its card says so.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from helpers.paths import shared  # noqa: E402

from holdfast import Reward, Sample  # noqa: E402
from holdfast.registry import lookup, names  # noqa: E402
from holdfast.scoring.audit import Labelled, audit  # noqa: E402
from holdfast.scoring.reward_pages import examples  # noqa: E402

FOLDER = ROOT / "docs" / "rewards" / "cards"
Rows = list[Labelled]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def numeric() -> tuple[Reward, Rows, str]:
    """GSM8K: four models' solutions with `is_correct`."""
    rows = [
        Labelled(Sample(row[m]["solution"], row["ground_truth"], row["question"]), row[m]["is_correct"], f"{m}:{i}")
        for i, row in enumerate(_lines(shared("gsm8k", "example_model_solutions.jsonl")))
        for m in ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
    ]
    return Reward("numeric"), rows, "GSM8K example_model_solutions, 4 models, labels `is_correct`"


def math() -> tuple[Reward, Rows, str]:
    """The equivalence pairs of other graders' tests, exceptions set aside, and the uncontested cases."""
    excepted = {
        (row["file"], row["row"])
        for row in _lines(ROOT / "tests" / "rewards" / "math_answer" / "math_exceptions.jsonl")
    }
    rows = []
    for path in sorted(shared("math_equivalence").glob("*.jsonl")):
        for number, row in enumerate(_lines(path)):
            if (path.name, number) not in excepted:
                text = "" if row["pred"] is None else str(row["pred"])
                rows.append(Labelled(Sample(text, row["gold"]), bool(row["expected"]), f"{path.name}:{number}"))
    for row in _lines(shared("math_cases.jsonl")):
        if not row["contested"]:
            rows.append(Labelled(Sample(row["text"], row["gold"]), row["expected"], row["id"]))
    return Reward("math"), rows, "math_equivalence (documented exceptions set aside) and the uncontested math_cases"


def ifeval() -> tuple[Reward, Rows, str]:
    """GPT-4's and Qwen2.5-0.5B's responses with the official checker's labels."""
    from helpers.ifeval_rows import ifeval_recorded

    rows = [
        Labelled(Sample(text, {k: row[k] for k in ("instruction_id_list", "kwargs")}, row["prompt"]), all(labels), key)
        for run in ("gpt4", "qwen")
        for key, row, text, labels in ifeval_recorded(run, "strict")
    ]
    return Reward("ifeval", mode="upstream", strict=True), rows, "GPT-4 and Qwen2.5-0.5B responses, official labels"


def tool_call() -> tuple[Reward, Rows, str]:
    """BFCL v1: gpt-4o and gorilla-openfunctions-v2 with the leaderboard's verdicts."""
    folder, rows = shared("bfcl"), []
    for category in ("simple", "multiple_function", "parallel_function", "java", "javascript"):
        name = f"gorilla_openfunctions_v1_test_{category}.json"
        tasks = {row["id"]: row for row in _lines(folder / "v1_20240811" / name)}
        truths = {row["id"]: row["ground_truth"] for row in _lines(folder / "v1_20240811" / "possible_answer" / name)}
        for model in ("gpt-4o-2024-05-13", "gorilla-openfunctions-v2"):
            recorded = folder / "recorded_v1_20240811"
            wrong = {row["id"] for row in _lines(recorded / "score" / model / f"{category}_score.json")[1:]}
            results = _lines(recorded / "result" / model / name.replace(".json", "_result.json"))
            for number, row in enumerate(results, start=1):
                tools = tasks[row["id"]]["function"]
                reference = {"possible_answers": truths[row["id"]], "tools": tools, "category": category}
                rows.append(Labelled(Sample(row["result"], reference), number not in wrong, f"{model}/{row['id']}"))
    return Reward("tool_call", syntax="python"), rows, "BFCL v1 results of two models with the leaderboard's verdicts"


LABELLED: dict[str, Callable[[], tuple[Reward, Rows, str]]] = {
    "numeric": numeric,
    "math": math,
    "ifeval": ifeval,
    "tool_call": tool_call,
}
SKIPPED = {"judge", "pairwise_judge", "reward_model", "group_normalized"}
"""What a learned reward errs depends on its model; a normalised value is neither right nor wrong."""


def own_examples(name: str) -> tuple[Reward, Rows, str]:
    """A reward's own examples as labels."""
    found = examples(lookup(name))
    options = found[0][2]
    rows = [Labelled(s, value > 0, f"example {i}") for i, (s, value, bound) in enumerate(found, 1) if bound == options]
    return Reward(name, **options), rows, "its own examples: nobody's labels are recorded for it"


def main() -> None:
    """Write every card."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names():
        if name in SKIPPED or not lookup(name).function.__module__.startswith("holdfast."):
            continue
        reward, rows, source = LABELLED[name]() if name in LABELLED else own_examples(name)
        card = audit(reward, rows)
        text = card.markdown().replace("\nOptions:", f"\nLabels: {source}.\n\nOptions:", 1)
        (FOLDER / f"{name}.md").write_text(text, encoding="utf-8")
        print(f"{name}: false positives {card.false_positives}, false negatives {card.false_negatives}")


if __name__ == "__main__":
    main()
