"""The site's generated pages and its navigation: every page of a folder has a place without being listed.

`folder/*` in the navigation stands for the pages of a folder that are named nowhere else, `*` for those of docs/.
"""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files


def on_config(config: Any) -> Any:
    """Fill in the navigation."""
    root = Path(config["docs_dir"])
    named = set(_named(config["nav"]))
    config["nav"] = [_filled(entry, root, named) for entry in config["nav"]]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages made from the command line's help, the configs and the registry."""
    for name, text in GENERATED.items():
        files.append(File.generated(config, name, content=text()))
    return files


def _named(nav: Any) -> list[str]:
    if isinstance(nav, dict):
        return [name for value in nav.values() for name in _named(value)]
    if isinstance(nav, list):
        return [name for value in nav for name in _named(value)]
    return [nav]


def _filled(entry: Any, root: Path, named: set[str]) -> Any:
    if isinstance(entry, dict):
        return {title: _filled(value, root, named) for title, value in entry.items()}
    if isinstance(entry, list):
        found = [_filled(value, root, named) for value in entry]
        return [page for value in found for page in (value if isinstance(value, list) else [value])]
    return _pages(entry[:-1], root, named) if entry.endswith("*") else entry


def _pages(folder: str, root: Path, named: set[str]) -> list[str]:
    found = sorted(path.relative_to(root).as_posix() for path in (root / folder).glob("*.md"))
    index = [name for name in found if name.endswith(("README.md", "index.md"))]
    return index * bool(folder) + [name for name in found if name not in named and name not in index]


def commands() -> str:
    """Every verb's help."""
    from holdfast.cli import VERBS, load

    parts = ["# Commands\n", "`holdfast VERB --help`, of every verb.\n"]
    for verb in VERBS:
        parts.append(f"## {verb}\n\n```text\n{(load(verb).__doc__ or '').strip()}\n```\n")
    return "\n".join(parts)


def configs() -> str:
    """Every choice of conf/, with its first comment and its text."""
    root = Path(__file__).resolve().parent.parent / "conf"
    parts = ["# Configs\n", "What `group=name` chooses on the command line of `train` and `eval`.\n"]
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("_")):
        parts.append(f"## {folder.name}\n")
        for path in sorted(folder.glob("*.yaml")):
            text = path.read_text(encoding="utf-8").strip()
            parts.append(f"### {folder.name}={path.stem}\n\n```yaml\n{re.sub('```', '', text)}\n```\n")
    return "\n".join(parts)


def catalogue() -> str:
    """What the registries hold: rewards, benchmarks, environments and trainers, with a line of what each is."""
    from holdfast.benchmarks.suites.task import builtin_tasks
    from holdfast.environment import environment_names, environment_spec
    from holdfast.registry import lookup, names
    from holdfast.trainers.settings.catalogue import builtin_trainers

    rewards = {name: (lookup(name).summary, str(lookup(name).version)) for name in names()}
    tasks = {name: (task.summary, _reward(task.reward)) for name, task in sorted(builtin_tasks().items())}
    played = {
        name: (environment_spec(name).summary, ", ".join(environment_spec(name).options))
        for name in environment_names()
    }
    trainers = {name: (_summary(name), one.trainer) for name, one in builtin_trainers().items()}
    parts = [
        *_table("Rewards", ("name", "what it asks", "version"), rewards),
        *_table("Benchmarks", ("name", "what it asks", "reward"), tasks),
        *_table("Environments", ("name", "what is played", "options"), played),
        *_table("Trainers", ("name", "what it does", "TRL's class"), trainers),
    ]
    return "\n".join(["# Catalogue\n", "What the registries of this version hold.\n", *parts])


def _reward(reward: Any) -> str:
    return reward if isinstance(reward, str) else str(reward.get("reward", "of its own"))


def _summary(trainer: str) -> str:
    """The first line of the file that declares it."""
    folder = Path(__file__).resolve().parent.parent / "trainers"
    for path in [folder / f"{trainer}.py", *sorted(folder.glob("*.py"))]:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if text and (path.stem == trainer or f'name="{trainer}"' in text):
            return text.split('"""')[1].partition("\n")[0]
    return ""


def _table(title: str, heads: tuple[str, ...], rows: dict[str, tuple[str, ...]]) -> list[str]:
    lines = [f"## {title}\n", f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [f"| `{name}` | {' | '.join(cell.replace('|', '/') for cell in cells)} |" for name, cells in rows.items()]
    return [*lines, ""]


GENERATED = {"reference/commands.md": commands, "reference/configs.md": configs, "reference/catalogue.md": catalogue}
"""The generated pages, and what makes each."""
