"""A Reward: a registered function with its options bound, callable one by one, in batches, or by TRL."""

import asyncio
import inspect
import logging
import typing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from holdfast import values
from holdfast.errors import HoldfastError, UsageError, suggestion, unknown
from holdfast.registry import Spec, lookup
from holdfast.sample import Sample, Score, Text

log = logging.getLogger("holdfast")

_TRL_EXTRAS = frozenset({"completion_ids", "prompt_ids", "trainer_state", "environments"})


class Reward:
    """A named reward, `Sample → Score`, with its options checked when it is made.

    `reference` names the data-set column that holds the ground truth. Picklable; the same verdict from any thread,
    event loop or process.
    Raises UsageError for an unknown name, option or option value.
    """

    def __init__(self, name: str, /, *, reference: str = "reference", **options: Any) -> None:
        self.spec = lookup(name)
        self.name = name
        self.reference = reference
        self.options = options
        self.failures = 0
        self.__name__ = self.spec.name.rpartition(":")[2]
        _check_options(self.spec, options)

    @classmethod
    def from_config(cls, config: "str | Path | Mapping[str, Any] | Reward") -> "Reward":
        """A Reward from a name, a mapping `{reward: name, **options}`, a YAML file of such a mapping, or itself.

        Composites are registered rewards whose `of` option holds further configs.
        """
        if isinstance(config, Reward):
            return config
        if isinstance(config, str | Path):
            if str(config).endswith((".yaml", ".yml")):
                return cls.from_config(_read_yaml(Path(config)))
            return cls(str(config))
        settings = dict(config)
        if "reward" not in settings:
            raise UsageError(f"a reward's config needs the key 'reward' that names it; it has {sorted(settings)}")
        return cls(settings.pop("reward"), **settings)

    @property
    def version(self) -> str:
        """The version of the verdicts."""
        version = self.spec.version
        return version if isinstance(version, str) else version(self.options)

    @property
    def needs_reference(self) -> bool:
        """Whether a data set without the reference column is an error."""
        needs = self.spec.needs_reference
        return needs if isinstance(needs, bool) else needs(self.options)

    def describe(self) -> dict[str, Any]:
        """What a manifest records: name, version, options, and what of this machine its verdicts depend on."""
        fields = {"name": self.name, "version": self.version, "options": dict(self.options)}
        surroundings = dict(self.spec.surroundings(self.options)) if self.spec.surroundings else {}
        return fields | ({"surroundings": surroundings} if surroundings else {})

    def score(self, sample: Sample) -> Score:
        """The score of one sample."""
        return self.score_batch([sample])[0]

    def score_batch(self, samples: Sequence[Sample]) -> list[Score]:
        """The scores of many samples, in order, always complete."""
        if not samples:
            return []
        if self.spec.scope == "sample":
            return [self._guarded([sample])[0] for sample in samples]
        if self.spec.scope == "batch":
            return self._guarded(samples)
        return self._by_group(samples)

    async def ascore(self, sample: Sample) -> Score:
        """`score` without blocking the event loop."""
        return await asyncio.to_thread(self.score, sample)

    async def ascore_batch(self, samples: Sequence[Sample]) -> list[Score]:
        """`score_batch` without blocking the event loop."""
        return await asyncio.to_thread(self.score_batch, samples)

    def __call__(
        self,
        prompts: Sequence[Text] | None = None,
        completions: Sequence[Text] = (),
        *,
        log_extra: Any = None,
        log_metric: Any = None,
        **columns: Any,
    ) -> list[float | None]:
        """TRL's reward call: one value per completion, None where it cannot be judged (TRL skips it).

        Raises UsageError when the reference column is missing, naming the columns there are.
        """
        scores = self.score_batch(self.samples_of(prompts, completions, columns))
        log_parts(self.__name__, scores, log_extra, log_metric)
        return [score.value for score in scores]

    def samples_of(
        self, prompts: Sequence[Text] | None, completions: Sequence[Text], columns: Mapping[str, Any]
    ) -> list[Sample]:
        """Samples of TRL's batch columns; columns that are not one value per completion are left out."""
        return samples_from(prompts, completions, columns, self.reference, self.name if self.needs_reference else None)

    def _by_group(self, samples: Sequence[Sample]) -> list[Score]:
        groups: dict[str, list[int]] = {}
        for index, sample in enumerate(samples):
            groups.setdefault(repr((sample.prompt, sample.reference)), []).append(index)
        scores: dict[int, Score] = {}
        for members in groups.values():
            scores |= zip(members, self._guarded([samples[i] for i in members]), strict=True)
        return [scores[i] for i in range(len(samples))]

    def _guarded(self, samples: Sequence[Sample]) -> list[Score]:
        """Call the function. The one place where an unexpected exception of a reward is caught: it becomes
        `error` with no value, said in the log, and never a model's 0."""
        try:
            if self.spec.scope == "sample":
                return [cast(Score, self.spec.function(samples[0], **self.options))]
            scores = list(cast(Iterable[Score], self.spec.function(samples, **self.options)))
        except HoldfastError:
            raise
        except Exception as error:  # noqa: BLE001 - a reward may fail in any way; it is said, and is no 0
            if len(samples) > 1 and self.spec.scope == "batch":
                return [self._guarded([sample])[0] for sample in samples]  # the others keep their verdicts
            self._tell(error)
            return [Score.error(f"{type(error).__name__}: {error}") for _ in samples]
        if len(scores) != len(samples):
            raise HoldfastError(f"reward {self.name!r} returned {len(scores)} scores for {len(samples)} samples")
        return scores

    def _tell(self, error: Exception) -> None:
        """The first failure with its traceback, then only how many there were: at the tenth, hundredth, …"""
        self.failures += 1
        if self.failures == 1:
            log.warning("reward %s failed: %s: %s", self.name, type(error).__name__, error, exc_info=error)
        elif str(self.failures).strip("0") == "1":
            log.warning("reward %s has failed %d times by now; last: %s", self.name, self.failures, error)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.name, self.reference, self.options)

    def __repr__(self) -> str:
        options = "".join(f", {key}={value!r}" for key, value in self.options.items())
        return f"Reward({self.name!r}, reference={self.reference!r}{options})"


def samples_from(
    prompts: Sequence[Text] | None,
    completions: Sequence[Text],
    columns: Mapping[str, Any],
    reference: str,
    needed_by: str | None,
) -> list[Sample]:
    """Samples of TRL's batch columns, with the ground truth from column `reference`.

    Raises UsageError when that column is missing and the reward `needed_by` names cannot do without it.
    """
    count = len(completions)
    rows = {k: v for k, v in columns.items() if k not in _TRL_EXTRAS and _is_column(v, count)}
    if needed_by is not None and reference not in rows:
        raise UsageError(
            f"reward {needed_by!r} reads its reference from column {reference!r}, which the data set lacks"
            f"{suggestion(reference, rows)}"
        )
    references = rows.get(reference, [None] * count)
    given: Sequence[Text] = prompts if prompts is not None else [""] * count
    return [
        Sample(completions[i], references[i], given[i], {name: column[i] for name, column in rows.items()})
        for i in range(count)
    ]


def _rebuild(name: str, reference: str, options: dict[str, Any]) -> Reward:
    return Reward(name, reference=reference, **options)


def _read_yaml(path: Path) -> Mapping[str, Any]:
    import yaml

    if not path.is_file():
        raise UsageError(f"no reward config at {path}")
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(loaded, Mapping):
        raise UsageError(f"{path} must hold a mapping with the key 'reward', not {type(loaded).__name__}")
    return loaded


def _check_options(spec: Spec, options: Mapping[str, Any]) -> None:
    known = spec.options
    hints = typing.get_type_hints(spec.function) if options else {}
    for name, value in options.items():
        if name not in known:
            raise unknown(f"option of reward {spec.name!r}", name, known)
        hint = hints.get(name, Any)
        if spec.check is None or typing.get_origin(hint) is not Mapping:  # its own check says what the mapping holds
            values.check(f"option {name!r} of reward {spec.name!r}", value, hint)
    missing = [p.name for p in known.values() if p.default is inspect.Parameter.empty and p.name not in options]
    if missing:
        raise UsageError(f"reward {spec.name!r} needs the option {missing[0]!r}")
    if spec.check is not None:
        defaults = {p.name: p.default for p in known.values()}
        spec.check(**{**defaults, **options})


def _is_column(value: Any, count: int) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes) and len(value) == count


def log_parts(name: str, scores: Sequence[Score], log_extra: Any, log_metric: Any) -> None:
    """Hand TRL the reasons (one column each) and the mean of every part (one metric each)."""
    if log_extra is not None:
        log_extra(f"{name}/reason", [score.reason for score in scores])
        log_extra(f"{name}/extracted", [score.extracted or "" for score in scores])
    if log_metric is None:
        return
    measured: dict[str, list[float]] = {}
    for score in scores:
        for part, value in score.parts.items():
            if value is not None:
                measured.setdefault(part, []).append(value)
    for part, numbers in measured.items():
        log_metric(f"{name}/{part}", sum(numbers) / len(numbers))
    log_metric(f"{name}/unjudged", sum(score.value is None for score in scores) / len(scores))
