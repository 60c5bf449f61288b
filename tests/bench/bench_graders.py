"""The audit of graders of other packages: `python tests/bench/bench_graders.py FOLDER [NAME …]`, a card of each.

Each runs in the interpreter of $HOLDFAST_<PACKAGE>_PYTHON, else .envs/<package> (`make envs`), else this one.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from holdfast.benchmarks.environments.graders.audit import audit_grader
from holdfast.benchmarks.environments.graders.corpus import items
from holdfast.benchmarks.environments.graders.foreign import Grader
from holdfast.errors import UsageError

VERL = "verl.utils.reward_score"
OWN = Path(__file__).parent / "foreign_graders.py"
GRADERS: dict[str, tuple[str, str, dict[str, object]]] = {
    "trl accuracy_reward": ("", "trl.rewards:accuracy_reward", {}),
    "trl reasoning_accuracy_reward": ("", "trl.rewards:reasoning_accuracy_reward", {}),
    "verl gsm8k (strict)": ("verl", f"{VERL}.gsm8k:compute_score", {}),
    "verl gsm8k (flexible)": ("verl", f"{VERL}.gsm8k:compute_score", {"method": "flexible"}),
    "verl math_reward": ("verl", f"{VERL}.math_reward:compute_score", {}),
    "verl math_dapo": ("verl", f"{VERL}.math_dapo:compute_score", {}),
    "verl prime_math": ("verl", f"{VERL}.prime_math:compute_score", {}),
    "verl math_verify": ("verl", f"{VERL}.math_verify:compute_score", {}),
    "verifiers verify_boxed_math_answer": ("verifiers", f"{OWN}:verifiers_math", {}),
    "math-verify (its README)": ("", f"{OWN}:math_verify_readme", {}),
    "lm-eval hendrycks_math": ("", f"{OWN}:hendrycks_math", {}),
    "reasoning-gym chain_sum": ("reasoning-gym", f"{OWN}:gym_chain_sum", {}),
    "reasoning-gym gcd": ("reasoning-gym", f"{OWN}:gym_gcd", {}),
    "reasoning-gym power_function": ("reasoning-gym", f"{OWN}:gym_power", {}),
    "reasoning-gym products": ("reasoning-gym", f"{OWN}:gym_products", {}),
    "inspect match(numeric)": ("inspect", f"{OWN}:inspect_match", {}),
    "inspect answer(line)": ("inspect", f"{OWN}:inspect_answer", {}),
    "inspect includes": ("inspect", f"{OWN}:inspect_includes", {}),
}


def interpreter(package: str) -> str | None:
    """The interpreter of a package; None: this one."""
    if not package:
        return None
    named = os.environ.get(f"HOLDFAST_{package.upper().replace('-', '_')}_PYTHON")
    return named or str(Path(".envs") / package / "bin" / "python")


def main(folder: Path, names: list[str]) -> None:
    """Audit the graders named, else all; what cannot be loaded is said and left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or GRADERS:
        package, path, options = GRADERS[name]
        try:
            grader = Grader(path, python=interpreter(package), timeout=30.0, options=options)
        except UsageError as error:
            print(f"{name}: not audited: {error}", flush=True)
            continue
        card = audit_grader(grader, items(), name)
        grader.close()
        slug = name.replace(" ", "_").replace("/", "_")
        (folder / f"{slug}.md").write_text(card.markdown())
        (folder / f"{slug}.json").write_text(json.dumps(asdict(card)))
        print(f"{name}: {len(card.findings)} findings, cheapest {card.cheapest}", flush=True)
        for finding in card.findings:
            print(f"    {finding}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
