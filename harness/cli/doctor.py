"""Say what is installed, which engines answer, what is missing and how to get it.

usage: holdfast doctor [--json]

Always exits 0: it tells, it does not judge.
"""

import importlib.util
import json
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata

from holdfast.cli.grammar import Flags
from holdfast.errors import DISTRIBUTION, UsageError, extras_of, install_hint
from holdfast.plugins.entry_points import Plugin, installed

_PACKAGES = (
    "torch",
    "transformers",
    "lm_eval",
    "datasets",
    "hydra",
    "pyarrow",
    "trl",
    "peft",
    "docker",
    "starlette",
    "uvicorn",
)
_DISTRIBUTIONS = {"hydra": "hydra-core", "lm_eval": "lm-eval"}


@dataclass(slots=True)
class Options:
    """`holdfast doctor` has no keys."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination."""

    name: str
    ok: bool
    detail: str
    cure: str = ""


def run(paths: list[str], _options: Options, flags: Flags) -> int:
    """Examine the installation and print what was found."""
    if paths:
        raise UsageError(f"`holdfast doctor` takes no path: {paths[0]!r}")
    findings = [_python(), *map(_package, _PACKAGES), *(probe() for probe in _PROBES), *map(_plugin, installed())]
    if flags.json:
        print(json.dumps({"findings": [asdict(finding) for finding in findings]}))
        return 0
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        cure = f"  → {finding.cure}" if finding.cure and not finding.ok else ""
        print(f"{'ok     ' if finding.ok else 'missing'}  {finding.name:<{width}}  {finding.detail}{cure}")
    return 0


def _plugin(plugin: Plugin) -> Finding:
    """Whether what another package adds can be loaded."""
    what = f"{plugin.group.partition('.')[2]} {plugin.name}"
    try:
        plugin.load()
    except UsageError as error:
        return Finding(f"plug-in {plugin.package}", False, str(error), f"pip uninstall {plugin.package}")
    return Finding(f"plug-in {plugin.package}", True, f"{plugin.version}: {what}")


def _python() -> Finding:
    version = platform.python_version_tuple()
    ok = (3, 11) <= (int(version[0]), int(version[1])) <= (3, 13)
    return Finding("python", ok, platform.python_version(), "Python 3.11 to 3.13")


def _package(module: str) -> Finding:
    if importlib.util.find_spec(module) is None:
        return Finding(module, False, "not installed", install_hint(extras_of(module)[0]))
    try:
        return Finding(module, True, metadata.version(_DISTRIBUTIONS.get(module, module)))
    except metadata.PackageNotFoundError:
        return Finding(module, True, "version unknown")


def _answers(name: str, command: list[str], cure: str) -> Finding:
    """Whether a program is there and answers within five seconds."""
    if shutil.which(command[0]) is None:
        return Finding(name, False, f"{command[0]} not found", cure)
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(name, False, f"no answer: {error}", cure)
    lines = (result.stdout or result.stderr).strip().splitlines() or [""]
    return Finding(name, result.returncode == 0, lines[0][:100], cure)


def _docker() -> Finding:
    cure = "start the Docker engine, or use the bubblewrap backend"
    return _answers("docker engine", ["docker", "info", "--format", "server {{.ServerVersion}}"], cure)


def _bubblewrap() -> Finding:
    return _answers("bubblewrap", ["bwrap", "--version"], "apt-get install bubblewrap")


def _slurm() -> Finding:
    return _answers("slurm", ["sinfo", "--noheader"], "only needed for launcher=slurm")


def _gpu() -> Finding:
    query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    return _answers("gpu", query, "everything runs on a CPU, slowly")


def _vllm() -> Finding:
    found = importlib.util.find_spec("vllm") is not None
    return Finding("vllm", found, "installed" if found else "not installed", "pip install vllm, for fast generation")


def _tiny_model() -> Finding:
    from holdfast.benchmarks.tiny import model_path

    weights = model_path() / "model.safetensors"
    cure = f"reinstall {DISTRIBUTION}, or `make tiny-model`"
    return Finding("tiny model", weights.is_file(), str(weights.parent), cure)


_PROBES: tuple[Callable[[], Finding], ...] = (_docker, _bubblewrap, _slurm, _gpu, _vllm, _tiny_model)
