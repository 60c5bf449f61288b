"""Sample completions, judge them, keep the good ones as training rows.

usage: holdfast sample FILE model=MODEL reward=NAME [key=value …] [--json]

FILE is JSONL with a prompt and, where the reward needs one, a reference. Keys:
  model=TINY|DIRECTORY|HUB_ID   what answers; with base_url= the name of a model served there (distillation)
  reward=NAME                   what judges the answers: a registered reward or a YAML file
  to=sft|dpo                    the best answers of each prompt, or the best against the worst (default sft)
  keep=1                        training rows per prompt at most; all: every answer that passes (rejection sampling)
  max_chars=N dedupe=true       longer answers train nobody; of equal answers to a prompt one counts
  n=8                           completions per prompt
  threshold=1                   least score worth training on
  prompt=FIELD reference=FIELD  the file's columns (default prompt, reference)
  temperature=1 max_tokens=512 batch_size=16 limit=ITEMS seed=0
  base_url=URL                  an OpenAI-compatible chat endpoint (…/v1/chat/completions)
  out=DIR                       default runs/sample: sft.jsonl or dpo.jsonl, and every judged row under samples/

The same command resumes a sampling that was killed.

examples:
  holdfast sample gsm8k.jsonl model=Qwen/Qwen3-0.6B reward=math prompt=question reference=answer out=runs/best
  holdfast train trainer=sft data=runs/best/sft.jsonl model=Qwen/Qwen3-0.6B suite=quick
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from holdfast.cli.grammar import Flags
from holdfast.errors import UsageError


@dataclass(slots=True)
class Options:
    """Keys of `holdfast sample`."""

    model: str
    reward: str
    to: Literal["sft", "dpo"] = "sft"
    n: int = 8
    keep: str = "1"
    max_chars: int | None = None
    dedupe: bool = True
    threshold: float = 1.0
    prompt: str = "prompt"
    reference: str = "reference"
    temperature: float = 1.0
    max_tokens: int = 512
    batch_size: int = 16
    limit: int | None = None
    seed: int = 0
    base_url: str | None = None
    out: str = "runs/sample"


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Sample one file."""
    if len(paths) != 1:
        raise UsageError(f"`holdfast sample` takes one file, not {len(paths)}: {' '.join(paths) or 'nothing'}")
    from holdfast.benchmarks.settings import Settings
    from holdfast.records import require_file
    from holdfast.reward import Reward
    from holdfast.trainers.sample import sample

    source, out = Path(paths[0]), Path(options.out)
    require_file(source)
    reward = Reward.from_config(options.reward)
    config = {"reward": reward.name, **reward.options}
    drawn = sample(
        _model(options),
        source,
        out,
        reward=config,
        to=options.to,
        n=options.n,
        threshold=options.threshold,
        keep=_keep(options.keep),
        max_chars=options.max_chars,
        dedupe=options.dedupe,
        fields={"prompt": options.prompt, **({"reference": options.reference} if reward.needs_reference else {})},
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        settings=Settings(batch_size=options.batch_size, limit=options.limit, seed=options.seed),
    )
    told = {
        "prompts": drawn.prompts,
        "completions": drawn.rows,
        "mean_score": drawn.measurement.tasks["sample"].mean,
        "training_rows": drawn.written,
        "prompts_without": drawn.without,
        "file": str(out / f"{options.to}.jsonl"),
    }
    print(json.dumps(told) if flags.json else _render(told, options.to))
    return 0


def _keep(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdigit():
        raise UsageError(f"keep must be a whole number or all, not {text!r}")
    return int(text)


def _model(options: Options) -> Any:
    if options.base_url is not None:
        return {"backend": "local-chat-completions", "model": options.model, "base_url": options.base_url}
    from holdfast.benchmarks.models import load

    return load(options.model)


def _render(told: dict[str, Any], to: str) -> str:
    mean = "none judged" if told["mean_score"] is None else f"mean score {told['mean_score']:.3f}"
    return (
        f"{told['completions']} completions of {told['prompts']} prompts, {mean}\n"
        f"{told['training_rows']} {to} rows in {told['file']}; {told['prompts_without']} prompts gave none"
    )
