"""One forward pass tells what generating would: which answers come out word for word again."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def probe_and_model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from holdfast.benchmarks.engine.backends.models import load
    from holdfast.benchmarks.engine.settings import Settings
    from holdfast.benchmarks.suites.suite import load_suite
    from holdfast.trainers.guard.probe import Probe

    loaded = load("tiny", dtype="float32")
    tasks = ["tiny_upper", "tiny_sort", "tiny_json"]
    probe = Probe(load_suite("tiny"), tasks, None, seed=0, most=60)
    out: Path = tmp_path_factory.mktemp("probe")
    probe.start(loaded, out, None, Settings(batch_size=16, progress=False))
    return probe, loaded


def every(probe: Any) -> list[Any]:
    return [item for pool in probe.pools.values() for items in pool.items.values() for item in items]


def test_of_an_unchanged_model_every_answer_is_the_same(probe_and_model: Any) -> None:
    probe, loaded = probe_and_model
    found = probe._likelihoods(loaded, every(probe))
    assert len(found) == 180
    assert all(one.same for one in found.values())
    assert all(-60 < one.nats <= 0 for one in found.values())
    assert probe.glance(loaded) == pytest.approx(dict.fromkeys(probe.pools, 0.0), abs=1e-4)


def test_of_a_changed_model_it_says_what_generating_says(probe_and_model: Any) -> None:
    import torch

    from holdfast.trainers.guard.probe import generate

    probe, loaded = probe_and_model
    generator = torch.Generator().manual_seed(1)
    before = [p.detach().clone() for p in loaded.model.parameters()]
    with torch.no_grad():
        for p in loaded.model.parameters():
            p.add_(0.12 * p.std() * torch.randn(p.shape, generator=generator))
    items = every(probe)
    found = probe._likelihoods(loaded, items)
    written = generate(loaded, items, probe.settings)
    again = {key: answer.text == probe.before[key].completion for key, answer in written.items()}
    with torch.no_grad():
        for p, old in zip(loaded.model.parameters(), before, strict=True):
            p.copy_(old)
    assert 10 < sum(again.values()) < 170, "some answers changed, some did not"
    assert {key: one.same for key, one in found.items()} == again
