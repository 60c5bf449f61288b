"""The errors a user sees: one line that names the bad value, what was expected and the nearest valid choice."""

from collections.abc import Iterable
from difflib import get_close_matches

EXIT_PASS, EXIT_REGRESSED, EXIT_INCONCLUSIVE = 0, 1, 2
EXIT_USAGE, EXIT_DATA, EXIT_INTERNAL = 64, 65, 70

DISTRIBUTION = "holdfast-llm"
"""Our name on the package index; `holdfast` there is another project."""

ELSEWHERE = {
    "apply_chat_template": "chat",
    "epochs": "trainer.args.num_train_epochs",
    "gen_kwargs": "sampling",
    "learning_rate": "trainer.args.learning_rate",
    "lr": "trainer.args.learning_rate",
    "model_args": "backend_args",
    "n": "repeats",
    "output_dir": "out",
    "output_path": "out",
    "tasks": "suite",
}
"""What other tools (lm-eval, TRL's scripts, inspect) call a key → what it is called here."""

EXTRAS = {
    "aiohttp": "eval",
    "datasets": "eval",
    "filelock": "eval",
    "huggingface_hub": "eval",
    "hydra": "eval",
    "lm_eval": "eval",
    "omegaconf": "eval",
    "pyarrow": "eval",
    "safetensors": "eval",
    "tenacity": "eval",
    "tokenizers": "eval",
    "torch": "eval",
    "transformers": "eval",
    "datasketch": "train",
    "peft": "train",
    "trl": "train",
    "docker": "sandbox",
    "requests": "sandbox",
    "mcp": "mcp",
    "ors": "ors",
    "pydantic": "ors",
    "prometheus_client": "serve",
    "starlette": "serve",
    "uvicorn": "serve",
    "websockets": "envs",
    "ray": "ray",
    "tree_sitter": "tools",
    "tree_sitter_java": "tools",
    "tree_sitter_javascript": "tools",
}
"""Module outside the core's dependencies → the extra that brings it."""


class HoldfastError(Exception):
    """Base of every error of ours; `exit_code` is what the command line returns for it."""

    exit_code = EXIT_INTERNAL


class UsageError(HoldfastError):
    """The call is wrong: an unknown name, option or value (exit 64)."""

    exit_code = EXIT_USAGE


class DataError(HoldfastError):
    """The data is wrong: a file, a row, or two runs that cannot be compared (exit 65)."""

    exit_code = EXIT_DATA


def install_hint(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install '{DISTRIBUTION}[{extra}]'"


def missing_package(error: ModuleNotFoundError, what: str = "this") -> UsageError | None:
    """The UsageError for a package of an extra that is not installed; None when the module belongs to no extra."""
    module = (error.name or "").partition(".")[0]
    if module not in EXTRAS:
        return None
    return UsageError(f"{what} needs the package {module!r}: {install_hint(EXTRAS[module])}")


def unknown(kind: str, name: str, choices: Iterable[str]) -> UsageError:
    """A UsageError for a misspelt `name`: says the nearest of `choices`, then all of them when they are few."""
    known = sorted(choices)
    return UsageError(f"unknown {kind} {name!r}{suggestion(name, known)}")


def suggestion(name: str, choices: Iterable[str]) -> str:
    """The tail of an error text: '; did you mean …' and what is available."""
    known = sorted(choices)
    same = [choice for choice in known if choice.casefold() == name.casefold() or choice == ELSEWHERE.get(name)]
    near = same or get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    listed = ", ".join(known) if len(known) <= 30 else ", ".join(known[:30]) + ", …"
    return f"{hint} (available: {listed or 'none'})"
