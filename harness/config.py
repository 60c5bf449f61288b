"""From the command line's words to a typed configuration: Hydra composes a file of conf/, a dataclass checks it.

Defaults are the dataclass's; the YAML holds only what differs from them. A key that names one of conf/'s groups
chooses a file of it (`trainer=grpo`); where a verb reads such a key itself (`suite=`, `reward=`: names, lists and
mappings that have loaders of their own), it travels beside Hydra's groups as `chosen.suite`. Every mistake becomes one
line that names the nearest valid choice.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from holdfast.errors import OUTPUTS, UsageError, elsewhere, suggestion, unknown
from holdfast.files import model_folders
from holdfast.masking import masked, remember
from holdfast.records import SUFFIXES
from holdfast.values import home_filled

Config = TypeVar("Config")
Shorthand = Callable[[Any, str], str]
"""Hydra's override and its text → the text that stands for it."""


@dataclass(frozen=True)
class Composer(Generic[Config]):
    """How one verb's words become an instance of its dataclass."""

    verb: str
    """The verb, and the name of its file in conf/."""
    schema: type[Config]
    groups: tuple[str, ...] = ()
    """Groups of conf/ that Hydra chooses from."""
    path_groups: tuple[str, ...] = ()
    """Those whose value may also be a directory, a file or a hub id: it becomes `<group>=other <group>.path=…`."""
    open: tuple[str, ...] = ()
    """Keys below which anything goes: `backend_args.base_url=…`."""
    texts: tuple[str, ...] = ()
    """Keys (with a dot at the end: what stands below them) whose value is a sentence: commas and quotes in it mean
    nothing to Hydra."""
    shorthands: tuple[tuple[str, Shorthand], ...] = ()
    """Keys whose value may also be a scalar that stands for a mapping: `lora=16`."""
    plugged: tuple[tuple[str, Callable[[], Iterable[str]]], ...] = ()
    """Groups whose value may also be a name that a plug-in adds: it becomes `<group>=other <group>.name=…`."""
    aliases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Keys that stand for others, with {} for their value: `environment=x` for `data=env data.environment=x`."""
    more: tuple[str, ...] = ()
    """Words of the verb that are no fields (`from=`)."""

    def compose(self, overrides: Sequence[str], config_dirs: Sequence[str] = ()) -> Config:
        """The configuration of one job. Raises UsageError naming the nearest valid key or name."""
        from hydra import compose, initialize_config_module
        from hydra.errors import HydraException
        from omegaconf.errors import OmegaConfBaseException

        overrides = self.as_read(overrides)
        several = next((word for word in overrides if parsed(word).is_sweep_override()), None)
        if several is not None:
            raise UsageError(
                f"{several!r} lists several values; sweep with `holdfast {self.verb} -m …`, or write [a, b]"
            )
        prepared = self.prepare(overrides, config_dirs)
        try:
            with initialize_config_module("holdfast.conf", version_base="1.3"):
                return self.typed(compose(self.verb, prepared), config_dirs)
        except (HydraException, OmegaConfBaseException) as error:
            raise self.explain(error, config_dirs) from error

    def as_read(self, overrides: Sequence[str]) -> list[str]:
        """The words, those of sentences quoted, the others with the home folder for `~`."""
        return [_sentence(word) if _below(word.partition("=")[0], self.texts) else _at_home(word) for word in overrides]

    def typed(self, composed: Any, config_dirs: Sequence[str] = ()) -> Config:
        """The dataclass of Hydra's (or a saved) configuration. Raises omegaconf's errors, see `explain`."""
        from omegaconf import OmegaConf

        plain = cast(dict[str, Any], OmegaConf.to_container(OmegaConf.create(composed), resolve=True))
        plain |= plain.pop("chosen", {})
        remember(plain)
        for group in _folders():
            if group not in self.groups and group in plain:
                plain[group] = _own_file(group, plain[group], config_dirs)
        return cast(Config, OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(self.schema), plain)))

    def prepare(self, overrides: Sequence[str], config_dirs: Sequence[str] = ()) -> list[str]:
        """Overrides as Hydra takes them. Raises UsageError for a word that is not an override."""
        overrides = self.as_read(overrides)
        prepared = [one for word in overrides for one in self._rewrite(parsed(word), quoted(word), config_dirs)]
        if config_dirs:
            prepared.append("hydra.searchpath=[" + ",".join(f"file://{Path(d).resolve()}" for d in config_dirs) + "]")
        return prepared

    def jobs(self, overrides: Sequence[str]) -> Iterator[list[str]]:
        """The words of every job of a multirun: each combination of the values that are swept."""
        values = []
        for word in overrides:
            override = parsed(word)
            if not self.knows(override.key_or_group):
                raise self.unknown_key(override.key_or_group)
            several = override.is_sweep_override()
            texts = override.sweep_string_iterator() if several else ()
            values.append([f"{override.key_or_group}={text}" for text in texts] if several else [quoted(word)])
        yield from (list(combination) for combination in product(*values))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Every key that can be set, dotted; what stands below an open key is not listed."""
        from omegaconf import OmegaConf

        tree = cast(dict[str, Any], OmegaConf.to_container(OmegaConf.structured(self.schema)))
        groups = (group for group in self.groups if group not in tree)
        return *_dotted(tree), *groups, *(alias for alias, _ in self.aliases)

    def explain(self, error: Exception, config_dirs: Sequence[str] = ()) -> UsageError:
        """Hydra's and omegaconf's errors as one line that names the nearest valid choice."""
        text = str(error)
        if found := re.search(r"Could not find '([\w/]+)/([^/']*)'", text):
            group, name = found.groups()
            return unknown(group.rpartition("/")[2], name, choices(group, config_dirs) if group in _folders() else ())
        if found := re.search(r"Key '([^']*)' (?:is )?not in", text):
            full = re.search(r"full_key: (\S+)", text)
            return self.unknown_key(full[1] if full else found[1])
        if found := re.search(r"Could not override '([^']*)'", text):
            return self.unknown_key(found[1])
        where = re.search(r"full_key: (\S+)", text)
        if where and re.search(r"[Mm]issing mandatory", text):
            return UsageError(f"`holdfast {self.verb}` needs {where[1]}=…")
        first = text.strip().splitlines()[0] if text.strip() else "cannot be composed"
        return UsageError((f"{where[1]}: " if where else "") + first)

    def unknown_key(self, key: str) -> UsageError:
        """The error for a key that does not exist: another tool's, one of ours below a wrong name (`suite.limit`), the
        nearest anywhere, else those beside it."""
        from difflib import get_close_matches

        everywhere = self.keys
        parent = key.rpartition(".")[0]
        beside = [k for k in everywhere if k.rpartition(".")[0] == parent] or everywhere
        near = [ours for ours in (*elsewhere(key)[:1], *OUTPUTS.get(key, ())) if self.knows(ours)][:1]
        near = near or [last for last in (key.rpartition(".")[2],) if last != key and last in everywhere]
        near = near or get_close_matches(key, beside, n=1, cutoff=0.6) or get_close_matches(key, everywhere, n=1)
        return unknown(f"key of `holdfast {self.verb}`", key, near or beside)

    @cached_property
    def lists(self) -> tuple[str, ...]:
        """The keys that hold a list: one value stands for a list of it."""
        from omegaconf import OmegaConf

        tree = cast(dict[str, Any], OmegaConf.to_container(OmegaConf.structured(self.schema)))
        return tuple(key for key, value in _leaves(tree) if isinstance(value, list))

    def knows(self, key: str) -> bool:
        """Whether the key can be set: one of ours, or below a key where anything goes."""
        return key in self.keys or key.startswith(tuple(f"{one}." for one in self.open))

    def _rewrite(self, override: Any, word: str, config_dirs: Sequence[str]) -> list[str]:
        key = override.key_or_group
        if override.type.name != "CHANGE" or override.package:
            return [word]
        if key in dict(self.aliases):
            return [text.format(word.partition("=")[2]) for text in dict(self.aliases)[key]]
        shorthand = dict(self.shorthands).get(key)
        if shorthand is not None and not isinstance(override.value(), dict):
            return [shorthand(override, word)]
        if key in self.path_groups:
            return _path_or_name(override, word, config_dirs)
        if str(override.value()) in dict(self.plugged).get(key, tuple)():
            return [f"{key}=other", f"++{key}.name={word.partition('=')[2]}"]
        if key in self.lists and isinstance(override.value(), str) and not override.is_sweep_override():
            word = f"{key}=[{word.partition('=')[2]}]"
        if key in self.groups or not self.knows(key):
            return [word]
        head = key.partition(".")[0]
        beside = head in _folders() and head not in self.groups
        return [f"++chosen.{word}" if beside else f"++{word}"]  # the file need not spell out what the schema knows


def quoted(word: str) -> str:
    """`key=value` with the value quoted where Hydra could not read it: a `=` of its own, as a sweep's folders have it
    (`model=runs/s/trainer=sft/checkpoint`), brackets, braces in a text. What Hydra reads stays as it is."""
    value = word.partition("=")[2]
    several = "=" in value and "," in value and not Path(value).exists()
    if not value or value[0] in "[{" or several or _readable(word):
        return word
    return _sentence(word)


@cache
def _readable(word: str) -> bool:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        OverridesParser.create().parse_override(word)
    except HydraException:
        return False
    return True


def _sentence(word: str) -> str:
    """`key=value` with the value as one text, unless it is quoted already."""
    key, equals, value = word.partition("=")
    if not equals or value in ("", "null") or (len(value) > 1 and value[0] == value[-1] and value[0] in "'\""):
        return word
    escaped = value.replace("\\", "\\\\").replace("'", "\\'") if value.endswith("\\") else value.replace("'", "\\'")
    return f"{key}='{escaped}'"


def _at_home(word: str) -> str:
    key, equals, value = word.partition("=")
    return key + equals + home_filled(value)


def _below(key: str, heads: Sequence[str]) -> bool:
    key = key.lstrip("+~")
    return key in heads or key.startswith(tuple(head for head in heads if head.endswith(".")))


def _own_file(group: str, given: Any, config_dirs: Sequence[str]) -> Any:
    """A name of a group that the verb reads itself, or the file of that name in the user's folders."""
    if isinstance(given, list):
        return [_own_file(group, one, config_dirs) for one in given]
    files = [Path(folder) / group / f"{given}.yaml" for folder in config_dirs] if isinstance(given, str) else []
    return next((str(file.resolve()) for file in files if file.is_file()), given)


def _leaves(tree: dict[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def swept(overrides: Sequence[str]) -> list[str]:
    """The keys that a multirun varies."""
    return [override.key_or_group for override in map(parsed, overrides) if override.is_sweep_override()]


def choices(group: str, config_dirs: Sequence[str] = ()) -> list[str]:
    """The names of a group of conf/, in the package and in the user's own folders."""
    names = {Path(entry.name).stem for entry in (resources.files("holdfast.conf") / group).iterdir()}
    for directory in config_dirs:
        names |= {path.stem for path in (Path(directory) / group).glob("*.yaml")}
    return sorted(names - {"other", "__init__", "__pycache__"})


def refuse_near_miss(group: str, given: str, names: Sequence[str]) -> None:
    """Raise UsageError for a bare word that is neither a name, nor a path, nor `org/name`: it is a typing mistake."""
    bare = re.fullmatch(r"[\w.-]+", given)
    if bare and not Path(given).exists() and not given.endswith(SUFFIXES):
        here = model_folders(Path()) if group == "model" else []
        hint = suggestion(given, [*names, *here])
        raise UsageError(f"unknown {group} {given!r}: neither a name, a path nor a hub id{hint}")


def _path_or_name(override: Any, word: str, config_dirs: Sequence[str]) -> list[str]:
    """`data=gsm8k` stays; `data=my.jsonl` becomes `data=other data.path=my.jsonl`."""
    group = override.key_or_group
    names = choices(group, config_dirs)
    if isinstance(override.value(), list):
        return _several(group, override.value(), word, names)
    values = [str(v) for v in override.sweep_string_iterator()] if override.is_sweep_override() else None
    known = [v in names for v in values or [str(override.value())]]
    if all(known):
        return [word]
    if values and any(known) and group != "model":
        raise UsageError(f"{word!r} mixes names of conf/{group} with paths: make a conf/{group}/<name>.yaml of them")
    given = (values or [str(override.value())])[known.index(False)]
    refuse_near_miss(group, given, names)
    return [f"{group}=other", f"{group}.path={word.partition('=')[2]}"]


def _several(group: str, given: Sequence[Any], word: str, names: Sequence[str]) -> list[str]:
    """`data=[a, b]` becomes `data=other data.sources=[a, b]`. Raises UsageError for a group that has one member."""
    if group != "data":
        raise UsageError(f"{group}= takes one, not a list: {word!r}; several are a sweep, `-m {group}=a,b`")
    for one in given:
        if isinstance(one, str) and one not in names:
            refuse_near_miss(group, one, names)
    return [f"{group}=other", f"{group}.path=''", f"++{group}.sources={word.partition('=')[2]}"]


def parsed(word: str) -> Any:
    """Hydra's reading of one override. Raises UsageError for a word that is none."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        return OverridesParser.create().parse_override(quoted(word))
    except HydraException as error:
        hint = f"; did you mean {_key_of(Path(word))}={word}?" if Path(word).exists() else ""
        raise UsageError(
            f"cannot read {masked(word)!r}: expected key=value ({masked(str(error).splitlines()[0])}){hint}"
        ) from error


def _key_of(path: Path) -> str:
    """Which key takes this file or folder, most likely."""
    return "model" if path.is_dir() else "suite" if path.suffix in (".yaml", ".yml") else "data"


@cache
def _folders() -> tuple[str, ...]:
    root = resources.files("holdfast.conf")
    return tuple(sorted(entry.name for entry in root.iterdir() if entry.is_dir() and entry.name != "__pycache__"))


def _dotted(tree: dict[str, Any], prefix: str = "") -> Iterable[str]:
    for key, value in tree.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from _dotted(value, f"{prefix}{key}.")
