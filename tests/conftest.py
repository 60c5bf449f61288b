"""Settings every test runs under: no hub, no telemetry, few threads; and markers of what tests need."""

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from helpers.needs import markers

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test, and no fixture of a module or session, reads or fills the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOLDFAST_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        yield


_frozen = [0]


@pytest.fixture(autouse=True)
def _small_heap() -> None:
    """Collections look at what tests make, and not at the million objects of the libraries again: every phase of a
    training, TRL's and ours, ends with one, which took half the time of a short training."""
    if len(sys.modules) > _frozen[0] + 50:
        _frozen[0] = len(sys.modules)
        gc.collect()
        gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that read the shared data, by what their code and their fixtures use."""
    known: dict[object, set[str]] = {}
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        fixtures = [fixture.func for found in item._fixtureinfo.name2fixturedefs.values() for fixture in found]
        for function in (item.function, *fixtures):
            if function not in known:
                known[function] = markers(getattr(function, "__wrapped__", function))
            for marker in known[function]:
                item.add_marker(marker)
