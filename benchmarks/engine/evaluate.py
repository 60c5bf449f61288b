"""`holdfast eval`: measure a model, or two and compare them, with everything cached and resumable."""

import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from holdfast import values
from holdfast.benchmarks.engine.backends.models import LOADING_ARGUMENTS, LoadedModel, load
from holdfast.benchmarks.engine.backends.server_args import BACKENDS
from holdfast.benchmarks.engine.keeping.draft_source import Mode
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.parallel.ranks import joined
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.engine.stopping import Until
from holdfast.benchmarks.suites.eval_config import EvalConfig
from holdfast.benchmarks.suites.sizes import available, resized
from holdfast.benchmarks.suites.suite import Suite, load_suite
from holdfast.errors import UsageError, unknown
from holdfast.files import digest, write_json
from holdfast.logs import kept_in
from holdfast.masking import without_secrets
from holdfast.process.uncollected import uncollected
from holdfast.runs.manifest import manifest
from holdfast.runs.measurement import Measurement, environments_of

if TYPE_CHECKING:
    from holdfast.compare import Comparison


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation came to."""

    out: Path
    after: Measurement
    before: Measurement | None = None
    comparison: "Comparison | None" = None
    first: bool = True
    """Whether this process wrote and compares (the first of those launched together)."""

    @property
    def exit_code(self) -> int:
        """The verdict's with `against`, else 0."""
        return 0 if self.comparison is None else self.comparison.exit_code


def evaluate(config: EvalConfig) -> Evaluation:
    """Measure `config.model`, and `config.against` where it is given; compare and report the two.

    Everything is written below `out`: a measurement itself, or `before/` (against), `after/` (model) and the report.
    With `noise` the model before is measured once more from scratch, in `noise/` (alone: in `after/`).
    Under `torchrun` or `accelerate launch` every process generates a share; the first compares and writes.
    Raises UsageError or DataError in one line.
    """
    with uncollected():
        suite = _checked(config)
    out = directory_of(config)
    with joined() as ranks, kept_in(out, ranks.first):
        return _evaluate(config, suite, out, ranks.first)


def _evaluate(config: EvalConfig, suite: Suite, out: Path, first_process: bool) -> Evaluation:
    started = time.perf_counter()
    if config.against is None and not config.noise:
        measured = _measured(config, config.model, suite, out)
        if first_process:
            _write_manifest(config, suite, out, started, measured)
            _export(config, measured)
        return Evaluation(out, measured, first=first_process)
    first = config.model if config.against is None else config.against
    before = _measured(config, first, suite, out / "before")
    again = _measure_again(config, first, suite, out) if config.noise else None
    if config.against is None and again is not None:
        after, again = again, None
    else:
        after = _measured(
            config, config.model, suite, out / "after", until=_stopping_rule(config, before), drafts=out / "before"
        )
    if not first_process:
        return Evaluation(out, after, before, first=False)
    _write_manifest(config, suite, out, started, after)
    _export(config, after)
    return Evaluation(out, after, before, _compared(before, after, again, config, out))


def _measure_again(config: EvalConfig, model: Any, suite: Suite, out: Path) -> Measurement:
    """The A/A run: the cache is its own, or nothing would be generated; sampled answers are drawn anew."""
    folder = out / ("after" if config.against is None else "noise")
    return _measured(config, model, suite, folder, folder / "cache", draw=1)


def _export(config: EvalConfig, measurement: Measurement) -> None:
    if config.export:
        from holdfast.importers.lm_eval_export import write

        write(measurement, Path(config.export))


def _write_manifest(config: EvalConfig, suite: Suite, out: Path, started: float, measured: Measurement) -> None:
    seconds = {"measure": round(time.perf_counter() - started, 3)}
    environments = environments_of(measured)
    more = {"environments": environments} if environments else {}
    fields = {"suite": suite.name, "seconds": seconds, "available": available(suite), **more}
    write_json(out / "manifest.json", manifest(without_secrets(asdict(config)), **fields))


def _compared(
    before: Measurement, after: Measurement, noise: Measurement | None, config: EvalConfig, out: Path
) -> "Comparison":
    from holdfast.compare import compare
    from holdfast.report import write

    margin = None if config.margin is None else config.margin / 100
    comparison = compare(before, after, target=tuple(config.target), margin=margin, noise=noise)
    write(comparison, out)
    return comparison


def _checked(config: EvalConfig) -> Suite:
    if config.model is None:
        raise UsageError("`holdfast eval` needs model=…")
    values.check("stop", config.stop, Literal["never", "decided"])
    values.check("draft", config.draft, Mode)
    if config.draft == "before" and config.against is None:
        raise UsageError("draft=before needs against=MODEL, whose answers are the drafts")
    if config.stop == "decided" and (config.against is None or not config.margin):
        raise UsageError("stop=decided needs against=MODEL and margin=POINTS: what is to be decided, and against whom")
    if config.limit is not None and config.sizes:
        raise UsageError("limit= and sizes= both say how many items: give one of them")
    suite = resized(load_suite(config.suite), config.sizes)
    for target in config.target:
        if target not in suite.names:
            raise unknown(f"target of suite {suite.name!r}", target, suite.names)
    if config.against is None and not config.noise:
        for key in ("margin", "target"):
            if getattr(config, key) not in (None, []):
                raise UsageError(f"{key}= is for comparing two measurements: it needs against=MODEL (or noise=true)")
    return suite


_NOT_IDENTITY = ("out", "export", "draft", "cache", "data_root", "margin", "target")


def directory_of(config: EvalConfig) -> Path:
    """`out`, or a name made of the settings, so that the same command resumes the same evaluation."""
    identity = {key: value for key, value in asdict(config).items() if key not in _NOT_IDENTITY}
    name = str(config.model["model"] if isinstance(config.model, Mapping) else config.model)
    return Path(config.out or f"runs/eval-{Path(name).name}-{digest(identity)[:8]}")


def _stopping_rule(config: EvalConfig, before: Measurement) -> Until | None:
    if config.stop == "never":
        return None
    return Until(before=before, margin=(config.margin or 0.0) / 100, target=tuple(config.target))


def _measured(
    config: EvalConfig,
    model: Any,
    suite: Suite,
    out: Path,
    cache: Path | None = None,
    draw: int = 0,
    until: Until | None = None,
    drafts: Path | None = None,
) -> Measurement:
    with uncollected():
        opened = open_model(config, model)
    return measure(
        opened,
        suite,
        out,
        data_root=Path(config.data_root) if config.data_root else None,
        cache=cache or cache_of(config),
        settings=replace(settings_of(config), draw=draw),
        together=True,
        until=until,
        drafts=drafts,
    )


def cache_of(config: EvalConfig) -> Path:
    """The cache that runs share: `cache=`, $HOLDFAST_CACHE, or ~/.cache/holdfast."""
    return Path(config.cache or os.environ.get("HOLDFAST_CACHE") or Path.home() / ".cache" / "holdfast")


def open_model(config: EvalConfig, model: Any) -> "LoadedModel | Mapping[str, Any]":
    """The model in memory for backend `hf`, else the backend's configuration."""
    own = dict(model) if isinstance(model, Mapping) else {"model": str(model)}
    if "model" not in own:
        raise UsageError(f"a model's mapping needs the key 'model'; it has {sorted(own)}")
    backend = own.pop("backend", config.backend)
    if backend != "hf":
        return {"backend": backend, **_shared(config, backend), **config.backend_args, **own}
    options: dict[str, Any] = {key: own.pop(key, getattr(config, key)) for key in _LOADING}
    more = {**config.backend_args, **{key: value for key, value in own.items() if key != "model"}}
    for key in more:
        if key not in LOADING_ARGUMENTS:
            raise unknown("argument of backend 'hf'", key, LOADING_ARGUMENTS)
    return load(str(own["model"]), **options, **more)


def _shared(config: EvalConfig, backend: str) -> dict[str, Any]:
    """The command's keys that say how a model is loaded, as arguments of a backend. Raises UsageError for one that
    would have no effect."""
    given = {
        "revision": config.revision,
        "dtype": None if config.dtype == "auto" else config.dtype,
        "device": config.device,
        "tokenizer": config.tokenizer,
        "trust_remote_code": config.trust_remote_code or None,
        "peft": config.peft,
        "quantization": config.quantization,
    }
    named = {key: value for key, value in given.items() if value is not None}
    if backend in BACKENDS:
        for key in ("dtype", "device", "peft", "quantization"):
            if key in named:
                raise UsageError(f"{key}= has no effect on a server ({backend}): it is the server's own setting")
        if config.batch_size != EvalConfig.batch_size:
            raise UsageError(
                f"batch_size= has no effect on a server ({backend}): backend_args.num_concurrent= is how many requests "
                "are open at once"
            )
        if "revision" in named and "tokenizer" not in named:
            raise UsageError("revision= of a server's model is the server's own setting (with tokenizer= it is that's)")
    if backend == "vllm" and "peft" in named:
        named |= {"lora_local_path": named.pop("peft")}
    return named


_LOADING = ("revision", "dtype", "device", "trust_remote_code", "tokenizer", "peft", "quantization")


_MEASURING = (
    *("batch_size", "chat", "chat_template_args", "limit", "max_tokens", "max_length"),
    *("repeats", "sampling", "seed", "thinking", "draft"),
)


def settings_of(config: EvalConfig) -> Settings:
    """The engine's settings of an evaluation's config."""
    return Settings(**{name: getattr(config, name) for name in _MEASURING})
