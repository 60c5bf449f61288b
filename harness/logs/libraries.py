"""The libraries below us, and what is to be done to each as soon as it is imported: many commands need none of them."""

import importlib.util
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

LIBRARIES = ("transformers", "trl", "peft", "accelerate", "datasets", "huggingface_hub", "torch", "lm_eval")
Action = Callable[[str], None]


@contextmanager
def at_import(names: Collection[str], action: Action) -> Iterator[None]:
    """Call `action(name)` for each of the modules: now for those that are imported, else when they have been."""
    for name in names:
        module = sys.modules.get(name)
        if module is not None and not getattr(module.__spec__, "_initializing", False):
            action(name)
    wanted = (frozenset(names), action)
    if not _finder.wanted:
        sys.meta_path.insert(0, _finder)
    _finder.wanted.append(wanted)
    try:
        yield
    finally:
        _finder.wanted.remove(wanted)
        if not _finder.wanted:
            sys.meta_path.remove(_finder)


class _Finder(MetaPathFinder):
    """Finds what the others find, and hears when it has been imported."""

    def __init__(self) -> None:
        self.wanted: list[tuple[frozenset[str], Action]] = []
        self._finding: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module that is waited for, else None."""
        if fullname in self._finding or not any(fullname in names for names, _ in self.wanted):
            return None
        self._finding.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._finding.discard(fullname)
        if spec is not None and spec.loader is not None:
            self._listen(spec)
        return spec

    def _listen(self, spec: ModuleSpec) -> None:
        loader = spec.loader
        assert loader is not None
        execute = loader.exec_module

        def executed(module: ModuleType) -> None:
            execute(module)
            for names, action in list(self.wanted):
                if spec.name in names:
                    action(spec.name)

        loader.exec_module = executed  # type: ignore[method-assign]


_finder = _Finder()
