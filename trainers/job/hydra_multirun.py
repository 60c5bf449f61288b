"""Hydra's multirun started from Python. Hydra has no public name for it, so its private one is used here alone."""

from collections.abc import Callable, Sequence
from typing import Any

from holdfast.errors import UsageError

SUPPORTED = ("1.3",)
"""The versions of Hydra whose private names are known."""


def multirun(
    config_name: str, job: Callable[[Any], Any], words: Sequence[str], hide: Callable[[Any], None] = lambda _: None
) -> None:
    """Run `job` for every combination that `words` sweep over conf/<config_name>.yaml, by the chosen launcher. `hide`
    takes out of the composed configuration, in place, what Hydra and its launchers must not write down.

    Raises UsageError for a version of Hydra that was not tried, and whatever Hydra raises for the words.
    """
    import hydra
    from hydra.core.global_hydra import GlobalHydra

    if hydra.__version__.rpartition(".")[0] not in SUPPORTED:
        raise UsageError(f"sweeps need hydra-core {SUPPORTED[-1]}.*, not {hydra.__version__}")
    from hydra._internal.hydra import Hydra
    from hydra._internal.utils import create_config_search_path

    GlobalHydra.instance().clear()
    try:
        runner = Hydra.create_main_hydra2("holdfast", create_config_search_path("pkg://holdfast.conf"))
        compose = runner.compose_config

        def hidden(*given: Any, **named: Any) -> Any:
            config = compose(*given, **named)
            hide(config)
            return config

        runner.compose_config = hidden
        runner.multirun(config_name, job, list(words), with_log_configuration=False)
    finally:
        GlobalHydra.instance().clear()


def searched() -> list[str]:
    """The user's own config folders, as the job that runs now was given them."""
    from hydra.core.hydra_config import HydraConfig

    return [
        source.path
        for source in HydraConfig.get().runtime.config_sources
        if source.provider.startswith("hydra.searchpath")
    ]
