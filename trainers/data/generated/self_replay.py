"""Replay that the base model writes itself (`data.replay.source=self`): prompts of a data set, its own answers.

What a model was trained on is seldom at hand; what it says is. Its answers to prompts of the skills one wants to keep
are mixed into the new training data, as in self-synthesised rehearsal (arXiv 2403.01244) and self-distillation (arXiv
2402.13669). The writing is a measurement: it resumes after a kill, and its answers lie in the cache that the base
measurement uses, under the same lock, so that the jobs of a sweep write each answer once. Prompts are answered in
blocks of a fixed size: a mix with more replay begins with the rows of a mix with less, whichever is written first.
"""

import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from holdfast.errors import DataError, UsageError
from holdfast.files import digest, read_json, write_json
from holdfast.process.distributed import is_main
from holdfast.records import read_records
from holdfast.runs.row import Row as Judged
from holdfast.sample import final_text
from holdfast.trainers.data.formats.row_formats import WRITTEN
from holdfast.trainers.data.generated.prompts import prompt_rows, write_prompts
from holdfast.trainers.data.mix import own_rows, replay_count
from holdfast.trainers.run import processes
from holdfast.trainers.run.checkpoint_eval import loaded
from holdfast.trainers.run.rewards import rewards_of
from holdfast.trainers.run.run_dir import default_cache
from holdfast.trainers.settings.catalogue import find_trainer
from holdfast.trainers.settings.config import ReplayConfig, TrainConfig
from holdfast.trainers.settings.data_sets import named_data

log = logging.getLogger("holdfast")
Row = dict[str, Any]
BLOCK = 128
"""Prompts answered at a time."""
MOST_PER_ROW = 4
"""Prompts asked at most for each row that is needed, when `data.replay.limit` does not say."""
ANY_TEXT = {"reward": "length", "minimum": 1, "unit": "characters"}


@dataclass
class Tally:
    """What became of the prompts that were asked."""

    asked: int = 0
    kept: int = 0
    empty: int = 0
    cut: int = 0
    """Answers that did not end within `data.replay.max_tokens`."""
    below: int = 0
    """Answers that the reward scores below the threshold."""
    unjudged: int = 0


def is_self(config: TrainConfig) -> bool:
    """Whether the base model writes this run's replay."""
    return config.data.replay.source == "self" and config.data.replay.ratio > 0


def check(config: TrainConfig) -> None:
    """Raise UsageError for replay settings that cannot work, before a model is loaded."""
    replay = config.data.replay
    if replay.source not in ("data", "self"):
        raise UsageError(
            f"data.replay.source is data (rows as they are) or self (the base's answers), not {replay.source!r}"
        )
    if not is_self(config):
        return
    if ("prompt", "completion") not in find_trainer(config.trainer.name).columns:
        raise UsageError(
            f"data.replay.source=self writes answers, which trainer=sft learns; trainer={config.trainer.name} does not"
        )
    if replay.temperature < 0 or replay.max_tokens < 1 or (replay.limit is not None and replay.limit < 1):
        raise UsageError("data.replay needs temperature >= 0, max_tokens >= 1 and limit >= 1")
    _prompts_of(replay)
    _reward(replay)


def written_rows(config: TrainConfig, out: Path) -> list[Row] | None:
    """The base model's answers as training rows, from `out`/replay; None where the replay is of another kind.

    Written at the first call, read at every later one. Every process of a launch calls it. Raises DataError when the
    there are no prompts, or no answer is usable.
    """
    if not is_self(config):
        return None
    folder = out / "replay"
    if not (folder / "replay.json").is_file():
        _write(config, folder)
    return [dict(row) for _, row in read_records(folder / "rows.jsonl")]


def record(out: Path) -> dict[str, Any]:
    """What the manifest tells of the writing."""
    return read_json(out / "replay" / "replay.json")


def stand_in(config: TrainConfig) -> list[Row] | None:
    """Rows of the right number and no smaller size, for an estimate: nothing is generated."""
    if not is_self(config):
        return None
    text = "a " * config.data.replay.max_tokens
    return [{"prompt": row["prompt"], "completion": text, WRITTEN: "nobody"} for row in islice(_prompts(config), 64)]


def _write(config: TrainConfig, folder: Path) -> None:
    tally = Tally()
    with loaded(config.model) as base:
        rows = _answers(config, base, folder, tally)
        facts = {"model": base.describe(), "settings": asdict(config.data.replay)}
    if not rows:
        raise DataError(_why_none(config, tally))
    _warn(config, tally)
    if is_main():
        write_prompts(rows, folder / "rows.jsonl")
        write_json(folder / "replay.json", facts | asdict(tally) | {"hash": digest(rows), "file": "replay/rows.jsonl"})
    else:
        _await(folder / "replay.json", folder)


def _answers(config: TrainConfig, base: Any, folder: Path, tally: Tally) -> list[Row]:
    """Usable answers, as many as the mix needs, or as the prompts give."""
    replay = config.data.replay
    needed = _needed(config)
    prompts = islice(_prompts(config), replay.limit or MOST_PER_ROW * needed)
    rows: list[Row] = []
    number = 0
    while len(rows) < needed and (block := list(islice(prompts, BLOCK))):
        judged = _measured(config, base, block, folder / f"{number:04}")
        rows += [_row(one, config) for one in judged if _keep(one, replay, tally)]
        number += 1
    return rows[:needed]


def _measured(config: TrainConfig, base: Any, block: Sequence[Row], folder: Path) -> Iterator[Judged]:
    from holdfast.benchmarks.engine.measuring import measure
    from holdfast.benchmarks.engine.settings import Settings

    replay = config.data.replay
    file = folder / "prompts.jsonl"
    if is_main():
        write_prompts(block, file)
    else:
        _await(file, folder.parent)
    sampling = {"sampling": {"temperature": replay.temperature}} if replay.temperature else {}
    task = {"task": "replay", "file": str(file.resolve()), "reward": _reward(replay), "max_tokens": replay.max_tokens}
    settings = Settings(batch_size=config.model.batch_size, chat=config.data.conversational, seed=replay.seed)
    suite = {"name": "replay", "tasks": [task | sampling]}
    measured = measure(base, suite, folder, cache=default_cache(config), settings=settings, together=True)
    return measured.rows("replay")


def _await(file: Path, folder: Path) -> None:
    """Until the first process of a launch has written a file, or failed."""
    processes.wait_for(file, folder.parent / "outcome.json", time.time())


def _keep(one: Judged, replay: ReplayConfig, tally: Tally) -> bool:
    """True when an answer becomes a replay row. What was cut would teach to stop in the middle."""
    tally.asked += 1
    if not final_text(one.completion).strip():
        tally.empty += 1
    elif one.finish_reason == "length":
        tally.cut += 1
    elif one.score is None:
        tally.unjudged += 1
    elif replay.reward is not None and one.score < replay.threshold:
        tally.below += 1
    else:
        tally.kept += 1
        return True
    return False


def _row(one: Judged, config: TrainConfig) -> Row:
    text = final_text(one.completion)
    answer: Any = [{"role": "assistant", "content": text}] if config.data.conversational else text
    prompt = one.prompt
    if config.data.conversational and isinstance(prompt, str):
        prompt = [{"role": "user", "content": prompt}]
    return {"prompt": prompt, "completion": answer, WRITTEN: config.model.path}


def _prompts(config: TrainConfig) -> Iterator[Row]:
    """Prompts in an order of their own, whatever the run's seed: a sweep over seeds asks the same ones."""
    replay = config.data.replay
    data = named_data(_prompts_of(replay))
    data.conversational = config.data.conversational
    root = Path(config.data_root) if config.data_root else None
    for row in prompt_rows(data, replay.seed, root):
        yield {"prompt": row["prompt"]} if replay.reward is None else row


def _prompts_of(replay: ReplayConfig) -> Any:
    if (replay.prompts or replay.data) is None:
        raise UsageError(
            "data.replay.source=self needs prompts to answer: data.replay.prompts=… (a name of conf/data, a file or a"
            " hub id)"
        )
    return replay.prompts or replay.data


def _reward(replay: ReplayConfig) -> dict[str, Any]:
    """The reward as a suite's task takes it. Raises UsageError for a list, or an unknown one."""
    if replay.reward is None:
        return dict(ANY_TEXT)
    if isinstance(replay.reward, list):
        raise UsageError("data.replay.reward takes one reward; weighted_sum joins several")
    (reward,) = rewards_of(replay.reward)
    return {"reward": reward.name, **reward.options}


def _needed(config: TrainConfig) -> int:
    root = Path(config.data_root) if config.data_root else None
    return replay_count(len(own_rows(config.data, config.seed, root)), config.data.replay.ratio)


def _why_none(config: TrainConfig, tally: Tally) -> str:
    replay = config.data.replay
    counts = {
        f"{tally.empty} empty": tally.empty,
        f"{tally.cut} not finished within data.replay.max_tokens={replay.max_tokens}": tally.cut,
        f"{tally.below} below data.replay.threshold={replay.threshold:g} of {json.dumps(replay.reward)}": tally.below,
        f"{tally.unjudged} that the reward cannot judge": tally.unjudged,
    }
    dropped = ", ".join(text for text, count in counts.items() if count)
    return (
        f"{config.model.path} produced no usable replay rows: of {tally.asked} answers {dropped}; give other prompts"
        " (data.replay.prompts), or rows that are answered already (data.replay.source=data)"
    )


def _warn(config: TrainConfig, tally: Tally) -> None:
    if tally.kept < (needed := _needed(config)):
        log.warning(
            "replay: %d of %d answers are usable, %d are needed: they recur; give more prompts with"
            " data.replay.prompts or data.replay.limit",
            tally.kept, tally.asked, needed,
        )  # fmt: skip
