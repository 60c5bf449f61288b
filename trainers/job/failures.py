"""What a training failed of, in words that say what to change; and the report of what had been measured by then."""

import errno
import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from holdfast.errors import HoldfastError, UsageError
from holdfast.files import write_whole
from holdfast.masking import error_text, masked_text
from holdfast.runs.measurement import Measurement, TaskResult, read_measurement

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_SAID = ("no space left", "os error 28", "os error 27", "file too large", "pytorchstreamwriter failed writing")
_MEMORY_SAID = ("can't allocate memory", "not enough memory", "cuda out of memory", "std::bad_alloc")
_LIBRARIES = ("trl", "transformers", "peft", "accelerate", "torch")
PARTS = ("before", "after")


@contextmanager
def explained(out: Path, phase: str) -> Iterator[None]:
    """Raise the two failures that are nobody's mistake, no memory and no disk, as a HoldfastError of one line that
    names the settings to lower; and what the training's libraries refuse while they run, as a UsageError."""
    import torch
    from safetensors import SafetensorError

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise HoldfastError(_memory(phase)) from error
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise HoldfastError(_disk(out)) from error
    except (ValueError, KeyError) as error:
        if phase == "train" and (library := _raised_in(error)) in _LIBRARIES:
            first = str(error).strip().partition("\n")[0]
            raise UsageError(f"{library} refuses this training: {masked_text(first)}") from error
        raise
    except (RuntimeError, SafetensorError) as error:
        text = str(error).lower()
        if any(words in text for words in _MEMORY_SAID):
            raise HoldfastError(_memory(phase)) from error
        if any(words in text for words in _FULL_SAID):
            raise HoldfastError(_disk(out)) from error
        raise


def _raised_in(error: BaseException) -> str:
    """The package whose code raised an error."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _memory(phase: str) -> str:
    if phase != "train":
        return f"out of memory in the phase {phase!r}: lower model.batch_size (items measured at once)"
    return (
        "out of memory in training: lower trainer.args.per_device_train_batch_size (raise"
        " gradient_accumulation_steps as much), set trainer.args.gradient_checkpointing=true, lower max_length"
        " or max_completion_length, or train with lora=true; dry_run=true estimates what a setting needs"
    )


def _disk(out: Path) -> str:
    return (
        f"no space left for {out}: free some, then run the same command again, it goes on from the last whole"
        " checkpoint; checkpoints=0 keeps fewer, trainer.args.save_only_model=true leaves the optimizer out"
    )


@contextmanager
def not_interrupted() -> Iterator[None]:
    """Let a second Ctrl-C wait for the moment that writing down the first one takes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def report(out: Path, phase: str, error: BaseException) -> None:
    """Write `out`/report.md: where the run failed, why, and every measurement that was finished by then."""
    reason = "Interrupted." if isinstance(error, KeyboardInterrupt) else error_text(error)
    lines = [f"# {out.name}: failed in the phase “{phase}”", "", reason, ""]
    found = [part for part in PARTS if (out / part / "results.json").is_file()]
    for part in found:
        lines += _table(part, read_measurement(out / part))
    if not found:
        lines += ["Nothing had been measured by then.", ""]
    lines += ["The same command goes on from here; what is measured is not measured again.", ""]
    write_whole(out / "report.md", "\n".join(lines))


def _table(part: str, measured: Measurement) -> list[str]:
    head = [f"## Measured {part} the training", "", "| task | metric | points | items |", "| --- | --- | ---: | ---: |"]
    return [*head, *(_row(result) for result in measured.tasks.values()), ""]


def _row(result: TaskResult) -> str:
    points = "–" if result.mean is None else f"{100 * result.mean:.1f}"
    return f"| {result.task} | {result.metric} | {points} | {result.n} |"
