"""Recorded IFEval and IFBench responses with their labels, joined to the data set."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from helpers.paths import shared
from holdfast import Reward, Sample

Row = tuple[str, dict[str, Any], str, list[bool]]
"""key, reference, response, labels of its instructions"""


def _lines(path: Path) -> list[dict[str, Any]]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in raw.splitlines()]


@cache
def ifeval_prompts() -> dict[str, dict[str, Any]]:
    """Data-set rows by prompt; key 2785's prompt changed later, so the matching file comes first."""
    folder = shared("ifeval")
    files = (folder / "gpt4" / "prompt_instructions_matching.jsonl", folder / "input_data.jsonl")
    return {row["prompt"]: row for file in files for row in _lines(file)}


@cache
def ifeval_recorded(run: str, how: str) -> list[Row]:
    """Rows of "gpt4" or "qwen" with their "strict" or "loose" labels."""
    name = f"eval_results_{how}.jsonl"
    if run == "qwen":
        path = shared("ifeval", "m_ifeval", f"Qwen__Qwen2.5-0.5B-Instruct-GPTQ-Int4.{name}.gz")
    else:
        path = shared("ifeval", "gpt4", name)
    prompts = ifeval_prompts()
    return [
        (str(prompts[row["prompt"]]["key"]), prompts[row["prompt"]], row["response"], row["follow_instruction_list"])
        for row in _lines(path)
    ]


def gpt4_all() -> list[tuple[dict[str, Any], str]]:
    """All 541 (reference, response) of GPT-4, labelled or not."""
    path = shared("ifeval", "gpt4", "input_response_data_gpt4_20231107_145030.jsonl")
    return [(ifeval_prompts()[row["prompt"]], row["response"]) for row in _lines(path)]


@cache
def ifbench_recorded(how: str) -> list[Row]:
    """The 294 labelled rows of the sample output (prompts differ from the data set's in white space)."""
    rows = _lines(shared("ifbench", "IFBench_test.jsonl"))
    prompts = {" ".join(row["prompt"].split()): row for row in rows}
    # One recorded prompt swallowed its neighbours when the file was written; its end tells which it is.
    ends = {prompt[-60:]: row for prompt, row in prompts.items()}
    found: list[Row] = []
    for row in _lines(shared("ifbench", f"eval_results_{how}.jsonl")):
        prompt = " ".join(row["prompt"].split())
        reference = prompts.get(prompt) or ends[prompt[-60:]]
        found.append((reference["key"], reference, row["response"], row["follow_instruction_list"]))
    return found


def changes_table() -> str:
    """The recorded rows whose verdict `corrected` changes, as the Markdown table of docs/ifeval.md."""
    runs = {
        "IFEval GPT-4": ("ifeval", ifeval_recorded("gpt4", "strict")),
        "IFEval Qwen2.5-0.5B": ("ifeval", ifeval_recorded("qwen", "strict")),
        "IFBench sample": ("ifbench", ifbench_recorded("strict")),
    }
    found: dict[str, dict[str, list[str]]] = {}
    for run, (name, rows) in runs.items():
        for key, reference, response, _ in rows:
            parts = [Reward(name, mode=mode).score(Sample(response, reference)).parts for mode in MODES]
            for part, before in parts[0].items():
                if parts[1][part] != before:
                    direction = f"{key} ({before:.0f}→{parts[1][part]:.0f})"
                    found.setdefault(part.partition("#")[0], {}).setdefault(run, []).append(direction)
    lines = ["| instruction | recorded run | keys (upstream → corrected) |", "|---|---|---|"]
    for part in sorted(found):
        lines += [f"| {part} | {run} | {', '.join(keys)} |" for run, keys in found[part].items()]
    return "\n".join(lines)


MODES = ("upstream", "corrected")
