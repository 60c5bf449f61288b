"""Tab completion of verbs, keys and values.

usage: holdfast completion bash|zsh|fish

Prints what the shell reads.

examples:
  holdfast completion bash > ~/.local/share/bash-completion/completions/holdfast
  holdfast completion zsh > ~/.holdfast.zsh       and in ~/.zshrc, after compinit: source ~/.holdfast.zsh
  holdfast completion fish > ~/.config/fish/completions/holdfast.fish
"""

import dataclasses
import importlib
import typing
from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.cli.grammar import FLAGS, Flags
from holdfast.config import choices
from holdfast.errors import UsageError, unknown

BASH = r"""_holdfast() {
  local line=${COMP_LINE:0:COMP_POINT} IFS=$'\n'
  COMPREPLY=($(holdfast completion words "$line" 2>/dev/null))
  # the shell takes a word apart at "=": what stands before it is not to be written again
  local word=${line##* }
  [[ $COMP_WORDBREAKS == *=* ]] && COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*=}"}"}")
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
}
complete -o default -F _holdfast holdfast"""
ZSH = r"""_holdfast() {
  local -a found
  found=(${(f)"$(holdfast completion words "${LBUFFER}" 2>/dev/null)"})
  (( $#found )) && compadd -S '' -- $found || _files
}
compdef _holdfast holdfast"""
FISH = "complete -c holdfast -a '(holdfast completion words (commandline -cp))'"
SHELLS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


@dataclass(slots=True)
class Options:
    """`holdfast completion` has no keys."""


def run(paths: list[str], _options: Options, _flags: Flags) -> int:
    """Print a shell's script; `words LINE`: what the last word of the line may become, one a line."""
    if len(paths) == 2 and paths[0] == "words":
        print("\n".join(candidates(paths[1])))
        return 0
    if len(paths) != 1:
        raise UsageError(f"`holdfast completion` takes one shell: {', '.join(SHELLS)}")
    if paths[0] not in SHELLS:
        raise unknown("shell", paths[0], SHELLS)
    print(SHELLS[paths[0]])
    return 0


def candidates(line: str) -> list[str]:
    """What the last word of `holdfast …` may become, whole words."""
    from holdfast.cli import VERBS, load

    *before, last = [*line.split()[1:], *([""] if line[-1:].isspace() else [])] or [""]
    if not before:
        return _starting(last, [*VERBS, "--help", "--version"])
    if before[0] not in VERBS:
        return []
    if last.startswith("-"):
        ours = [flag for flag in FLAGS if flag.startswith("--")]
        return _starting(last, [*ours, *(["-m"] if before[0] in _CONFIGS else [])])
    fields = dict(_options(before[0]))
    if "=" in last:
        return _values(last, fields)
    given = {word.partition("=")[0] for word in before}
    actions = [*getattr(load(before[0]), "ACTIONS", ())] if len(before) == 1 else []
    return _starting(last, [*actions, *(f"{key}=" for key in fields if key not in given and _is_shown(key, last))])


_CONFIGS = {"train": "holdfast.trainers.settings.compose", "eval": "holdfast.benchmarks.suites.compose"}
"""The verbs that compose a configuration, and the module whose COMPOSER does it."""


def _options(verb: str) -> list[tuple[str, object]]:
    """Every key of a verb with its type, a group's keys as `group.key`."""
    from holdfast.cli import load

    if verb not in _CONFIGS:
        return list(_fields_of(load(verb).Options))
    composer = importlib.import_module(_CONFIGS[verb]).COMPOSER
    fields = dict(_fields_of(composer.schema))
    return [*fields.items(), *((key, str) for key in (*composer.groups, *composer.more) if key not in fields)]


def _fields_of(config: type, prefix: str = "") -> Iterator[tuple[str, object]]:
    hints = typing.get_type_hints(config)
    for field in dataclasses.fields(config):
        hint = hints[field.name]
        if field.name == "extra":  # whatever else is given
            continue
        yield prefix + field.name, hint
        if dataclasses.is_dataclass(hint):
            yield from _fields_of(typing.cast(type, hint), f"{prefix}{field.name}.")


def _is_shown(key: str, last: str) -> bool:
    """A group's keys are shown once the group is written."""
    return last.startswith(key.rpartition(".")[0] + ".") if "." in key else True


def _values(last: str, fields: dict[str, object]) -> list[str]:
    """`key=value` for the last of the values begun, `key=a,b` and `key=[a,b`."""
    key, _, value = last.partition("=")
    begun = value[max(value.rfind(","), value.rfind("[")) + 1 :]
    done = last.removesuffix(begun)
    return [done + found for found in _starting(begun, _known_values(key, fields.get(key)))]


def _known_values(key: str, hint: object) -> list[str]:
    """The values that a key may have, where they are known without asking anybody."""
    name = key.rpartition(".")[2]
    if bool in (hint, *typing.get_args(hint)):
        return ["true", "false"]
    if typing.get_origin(hint) is typing.Literal:
        return [str(value) for value in typing.get_args(hint)]
    if name in ("suite", "target", "tasks"):
        return _suites_and_tasks(name == "suite")
    if name == "reward":
        from holdfast.registry import names

        return [*names(), *choices("reward")]
    return choices(name) if name in _GROUPS else []


_GROUPS = ("trainer", "data", "model", "experiment", "launcher", "sweeper")


def _suites_and_tasks(suites: bool) -> list[str]:
    from holdfast.benchmarks.suites.suite import suite_names
    from holdfast.benchmarks.suites.task import builtin_tasks

    return [*(suite_names() if suites else ()), *builtin_tasks()]


def _starting(begun: str, candidates: list[str]) -> list[str]:
    return [word for word in candidates if word.startswith(begun)]
