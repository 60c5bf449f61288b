"""lm-eval's tasks from data on this machine: its call of `datasets.load_dataset` finds a repository's copy first."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def reading_from(hubs: Sequence[Path], cache_of: Callable[[Path], str]) -> Iterator[None]:
    """Within, a data set that has a copy `<hub>/<owner>/<name>` is read from there. `cache_of(copy)`: where `datasets`
    keeps what it makes of it."""
    import datasets
    import lm_eval.api.task as module

    original = module.datasets.load_dataset

    def load(path: str, *arguments: Any, **options: Any) -> Any:
        copy = next((hub / path for hub in hubs if (hub / path).is_dir()), None)
        if copy is None:
            return original(path, *arguments, **options)
        local = {key: value for key, value in options.items() if key not in ("revision", "trust_remote_code")}
        return original(str(copy.resolve()), *arguments, **local, cache_dir=cache_of(copy.resolve()))

    try:
        datasets.load_dataset = load
        yield
    finally:
        datasets.load_dataset = original


def repositories(configs: Sequence[Any]) -> list[str]:
    """The hub repositories that tasks with these configurations read, without repeats."""
    paths = [str(config.get("dataset_path") or "") for config in configs]
    return sorted({path for path in paths if path and path not in ("json", "csv", "text", "parquet", "arrow")})
