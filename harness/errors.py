"""The errors a user sees: one line that names the bad value, what was expected and the nearest valid choice."""

from collections.abc import Iterable
from difflib import get_close_matches

EXIT_PASS, EXIT_REGRESSED, EXIT_INCONCLUSIVE = 0, 1, 2
EXIT_USAGE, EXIT_DATA, EXIT_INTERNAL = 64, 65, 70

DISTRIBUTION = "holdfast-llm"
"""Our name on the package index; `holdfast` there is another project."""

ELSEWHERE = {
    "apply_chat_template": "chat",
    "beta": "trainer.args.beta",
    "dataset": "data",
    "dataset_name": "data",
    "epochs": "trainer.args.num_train_epochs",
    "gen_kwargs": "sampling",
    "gradient_accumulation_steps": "trainer.args.gradient_accumulation_steps",
    "learning_rate": "trainer.args.learning_rate",
    "lora_alpha": "lora.alpha",
    "lora_dropout": "lora.dropout",
    "lora_r": "lora.r",
    "lora_target_modules": "lora.targets",
    "lr": "trainer.args.learning_rate",
    "max_completion_length": "trainer.args.max_completion_length",
    "max_steps": "trainer.args.max_steps",
    "model_args": "backend_args",
    "model_name_or_path": "model",
    "n": "repeats",
    "num_generations": "trainer.args.num_generations",
    "num_train_epochs": "trainer.args.num_train_epochs",
    "output_dir": "out",
    "output_path": "out",
    "per_device_train_batch_size": "trainer.args.per_device_train_batch_size",
    "report_to": "trainer.args.report_to",
    "tasks": "suite",
    "warmup_steps": "trainer.args.warmup_steps",
    "weight_decay": "trainer.args.weight_decay",
}
"""What other tools (lm-eval, TRL's scripts, inspect) call a key → what it is called here."""

_RESULT = ("out", "html")
OUTPUTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        "output output_dir output_file output_path outfile outdir out_dir out_file out_path dest destination save "
        "save_dir save_path save_to report to_file".split(),
        _RESULT,
    ),
    **dict.fromkeys(("markdown", "md_report", "report_md", "md"), ("md", "out", "formats")),
    **dict.fromkeys(("html_report", "report_html", "page", "html"), ("html", "out")),
    **dict.fromkeys(("junit_xml", "xml"), ("junit",)),
    "out": ("html",),
}
"""What an output is called elsewhere → what it may be called here, the first that a verb has."""

EXTRAS: dict[str, tuple[str, ...]] = {
    "eval": (
        "aiohttp",
        "datasets",
        "filelock",
        "huggingface_hub",
        "hydra",
        "lm_eval",
        "omegaconf",
        "pyarrow",
        "requests",
        "safetensors",
        "tenacity",
        "tokenizers",
        "torch",
        "transformers",
    ),
    "train": ("datasketch", "peft", "trl"),
    "sandbox": ("docker", "requests"),
    "mcp": ("mcp", "pydantic"),
    "ors": ("ors", "pydantic"),
    "serve": ("prometheus_client", "starlette", "uvicorn"),
    "envs": ("websockets",),
    "ray": ("ray",),
    "tools": ("tree_sitter", "tree_sitter_java", "tree_sitter_javascript"),
}
"""Extra → the modules outside the core's dependencies that it brings; the first that has a module is the usual one."""


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
    """The UsageError for a package of an extra that is not installed; None when the module belongs to no extra. Of
    several extras the hint is the one that `what` names."""
    module = (error.name or "").partition(".")[0]
    extras = extras_of(module)
    if not extras:
        return None
    extra = next((one for one in extras if one in what), extras[0])
    return UsageError(f"{what} needs the package {module!r}: {install_hint(extra)}")


def extras_of(module: str) -> list[str]:
    """The extras that bring a module."""
    return [extra for extra, modules in EXTRAS.items() if module in modules]


def elsewhere(key: str) -> tuple[str, ...]:
    """What a key of another tool is called here, in full and without what stands before its last dot; by its last
    part, too: `trainer.lr` and `trainer.args.lr` are `lr`."""
    ours = ELSEWHERE.get(key) or ELSEWHERE.get(key.rpartition(".")[2])
    return (ours, ours.rpartition(".")[2]) if ours else ()


def meant(key: str, choices: Iterable[str]) -> str | None:
    """The one of `choices` that another tool's key, or another name of an output, stands for."""
    known = {choice.casefold(): choice for choice in choices}
    names = (key.casefold(), *elsewhere(key), *OUTPUTS.get(key.casefold(), ()))
    return next((known[name] for name in names if name in known), None)


def unknown(kind: str, name: str, choices: Iterable[str]) -> UsageError:
    """A UsageError for a misspelt `name`: says the nearest of `choices`, then all of them when they are few."""
    known = sorted(choices)
    return UsageError(f"unknown {kind} {name!r}{suggestion(name, known)}")


def suggestion(name: str, choices: Iterable[str]) -> str:
    """The tail of an error text: '; did you mean …' and what is available."""
    known = sorted(choices)
    same = meant(name, known)
    near = [same] if same else get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    listed = ", ".join(known) if len(known) <= 30 else ", ".join(known[:30]) + ", …"
    return f"{hint} (available: {listed or 'none'})"
