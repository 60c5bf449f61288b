"""Which process this is: what the launcher says, before any group exists, and what the group says after."""

from pathlib import Path

import pytest

from holdfast.process import distributed


def test_alone_without_a_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert (distributed.rank(), distributed.world_size(), distributed.local_rank()) == (0, 1, 0)
    assert distributed.is_main() and distributed.group() == (0, 1)
    assert distributed.from_first(True) is True and distributed.from_first(None) is False


def test_the_launcher_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("RANK", "5"), ("WORLD_SIZE", "8"), ("LOCAL_RANK", "1")):
        monkeypatch.setenv(name, value)
    assert (distributed.rank(), distributed.world_size(), distributed.local_rank()) == (5, 8, 1)
    assert not distributed.is_main()
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.setenv(name, "")
    assert (distributed.rank(), distributed.world_size(), distributed.local_rank()) == (0, 1, 0)


def test_a_group_has_the_store_that_torch_hides(tmp_path: Path) -> None:
    """Fails where torch moves the private name; everything that measures with several processes needs it."""
    import torch.distributed as dist

    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'meet'}", rank=0, world_size=1)
    try:
        store = distributed.store_of_group()
        store.set("a", "b")
        assert store.get("a") == b"b" and distributed.group() == (0, 1)
    finally:
        dist.destroy_process_group()
