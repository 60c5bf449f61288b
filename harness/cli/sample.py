"""Sample completions, judge them, keep the good ones as training rows.

usage: holdfast sample DATA reward=NAME model=MODEL [key=value …] [--json]

DATA is a file (JSONL, JSON, parquet), a folder of these, a name of conf/data or a hub id: prompts (or conversations,
whose last answer is asked anew) and, where the reward needs one, a reference. Keys:
  model=TINY|DIRECTORY|HUB_ID   what answers; with base_url= the name of a model served there (distillation)
  reward=NAME                   what judges the answers: a registered reward or a YAML file (default: conf/data's own)
  to=sft|dpo                    the best answers of each prompt, or the best against the worst (default sft)
  chosen=best|data              to=dpo: the better half is the model's best answer, or the data's own (no reward needed)
  keep=1                        training rows per prompt at most; all: every answer that passes (rejection sampling)
  max_chars=N dedupe=true       longer answers are dropped; of equal answers to a prompt one counts
  n=8                           completions per prompt
  threshold=1                   least score worth training on
  prompt=FIELD reference=FIELD  the data's columns (default prompt, reference), also columns.prompt=; dots reach inside
  split= revision= data_root=   of a data set on the hub, or its local copy
  answer=FIELD                  the column of the data's own answers (default completion)
  template=TEXT system=TEXT     the prompt's text with `{prompt}` in it; a system message
  rename={OLD: NEW, …}          texts replaced in prompts and answers (NAME: Ada replaces {{NAME}}, too)
  temperature=1 max_tokens=512 batch_size=16 limit=ITEMS seed=0
  base_url=URL                  an OpenAI-compatible endpoint (…/v1); its key is $OPENAI_API_KEY
  concurrency=8 timeout=300 retries=6   requests at once, seconds for each, tries; `Retry-After` is waited for
  out=DIR                       default runs/sample: sft.jsonl or dpo.jsonl, and every judged row under samples/

The same command resumes a sampling that was killed, or that an endpoint let down.

examples:
  holdfast sample gsm8k model=Qwen/Qwen3-0.6B reward=math out=runs/best
  holdfast sample mine.parquet prompt=q reference=a reward=math model=Qwen/Qwen3-32B base_url=http://host:8000/v1
  holdfast sample self_cognition model=Qwen/Qwen3-0.6B to=dpo chosen=data n=1 out=runs/who
  holdfast train trainer=sft data=runs/best/sft.jsonl model=Qwen/Qwen3-0.6B suite=quick
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from holdfast.cli.grammar import Flags, plain
from holdfast.errors import UsageError, unknown

if TYPE_CHECKING:
    from holdfast.reward import Reward
    from holdfast.trainers.data.generated.sampling import Selection
    from holdfast.trainers.settings.config import DataConfig


@dataclass(slots=True)
class Options:
    """Keys of `holdfast sample`."""

    model: str
    reward: str | None = None
    to: Literal["sft", "dpo"] = "sft"
    n: int = 8
    keep: str = "1"
    chosen: Literal["best", "data"] = "best"
    max_chars: int | None = None
    dedupe: bool = True
    threshold: float = 1.0
    prompt: str | None = None
    reference: str | None = None
    answer: str | None = None
    split: str | None = None
    revision: str | None = None
    data_root: str | None = None
    rename: str | None = None
    template: str | None = None
    system: str | None = None
    temperature: float = 1.0
    max_tokens: int = 512
    batch_size: int = 16
    limit: int | None = None
    seed: int = 0
    base_url: str | None = None
    concurrency: int = 8
    timeout: int = 300
    retries: int = 6
    out: str = "runs/sample"


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Sample one data set."""
    if len(paths) != 1:
        raise UsageError(f"`holdfast sample` takes one data set, not {len(paths)}: {' '.join(paths) or 'nothing'}")
    from holdfast.benchmarks.engine.settings import Settings
    from holdfast.trainers.data.generated.sampling import prompts_of, sample

    out = Path(options.out)
    selection = _selection(options)
    data = _data(paths[0], options)
    reward = _reward(options, data)
    root = Path(options.data_root) if options.data_root else None
    sampled = sample(
        _model(options),
        prompts_of(data, out, reward, root),
        out,
        reward={"reward": reward.name, **reward.options},
        selection=selection,
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        settings=Settings(batch_size=options.batch_size, limit=options.limit, seed=options.seed),
    )
    summary = {
        "prompts": sampled.prompts,
        "completions": sampled.rows,
        "mean_score": sampled.measurement.tasks["sample"].mean,
        "training_rows": sampled.written,
        "prompts_without": sampled.without,
        "file": str(out / f"{options.to}.jsonl"),
        "samples": str(out / "samples" / "sample.jsonl"),
    }
    print(json.dumps(summary) if flags.json else _render(summary, options.to))
    return 0


def _data(name: str, options: Options) -> "DataConfig":
    """The data set with its columns as the options name them."""
    from dataclasses import replace

    from holdfast.config import choices
    from holdfast.records import SUFFIXES, require_file
    from holdfast.trainers.settings.data_sets import named_data

    bare = re.fullmatch(r"[\w-]+", name)
    if bare and not Path(name).exists() and name not in choices("data"):
        raise unknown("data", name, choices("data"))
    if (name.endswith(SUFFIXES) or name.startswith((".", "/"))) and not Path(name).is_dir():
        require_file(Path(name))
    data = named_data(name)
    named = {"prompt": options.prompt, "reference": options.reference, "completion": options.answer}
    given = {key: getattr(options, key) for key in ("split", "revision", "template", "system")}
    return replace(
        data,
        columns=data.columns | {ours: theirs for ours, theirs in named.items() if theirs},
        shuffle=False,
        rename=_rename(options.rename) if options.rename else data.rename,
        **{key: value for key, value in given.items() if value is not None},
    )


def _reward(options: Options, data: "DataConfig") -> "Reward":
    from holdfast.trainers.data.generated.self_replay import ANY_TEXT
    from holdfast.trainers.run.rewards import rewards_of

    chosen = options.reward or data.reward
    if options.chosen == "data" and options.reward is None:
        chosen = ANY_TEXT
    if chosen is None:
        raise UsageError("`holdfast sample` needs reward=…: what judges the answers? (see `holdfast rewards`)")
    return rewards_of(chosen)[0]


def _selection(options: Options) -> "Selection":
    from holdfast.trainers.data.generated.sampling import Selection

    selection = Selection(
        to=options.to,
        n=options.n,
        threshold=options.threshold,
        keep=_keep(options.keep),
        max_chars=options.max_chars,
        dedupe=options.dedupe,
        chosen=options.chosen,
        judged=options.reward is not None,
    )
    selection.check()
    return selection


def _rename(text: str) -> dict[str, str]:
    """The mapping of `rename=`. Raises UsageError for anything else."""
    names = plain(text)
    if not isinstance(names, dict):
        raise UsageError(f"rename= takes a mapping {{OLD: NEW, …}}, not {text!r}")
    return {str(old): str(new) for old, new in names.items()}


def _keep(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdigit():
        raise UsageError(f"keep must be a whole number or all, not {text!r}")
    return int(text)


def _model(options: Options) -> Any:
    if options.base_url is not None:
        url = options.base_url.rstrip("/")
        return {
            "backend": "local-chat-completions",
            "model": options.model,
            "base_url": url if url.endswith("/chat/completions") else f"{url}/chat/completions",
            "num_concurrent": max(2, options.concurrency),  # lm-eval's other path reads replies less strictly
            "timeout": options.timeout,
            "max_retries": options.retries,
        }
    from holdfast.benchmarks.engine.backends.models import load

    return load(options.model)


def _render(summary: dict[str, Any], to: str) -> str:
    mean = "none judged" if summary["mean_score"] is None else f"mean score {summary['mean_score']:.3f}"
    return (
        f"{summary['completions']} completions of {summary['prompts']} prompts, {mean}\n"
        f"{summary['training_rows']} {to} rows in {summary['file']}; {summary['prompts_without']} prompts gave none"
    )
