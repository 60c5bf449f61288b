"""Rows and a registered reward written as what another hub takes: a package or a directory that its own tools load.

verifiers: a v1 taskset's package. inspect: a module with a `@task`. openenv: an environment's directory whose server is
ours. harbor: a directory for each task, judged by `holdfast score`. Each holds the rows as `rows.jsonl` and names the
reward in `reward.json`, so that the verdict there is the direct one; each needs holdfast-llm where it runs.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast import __version__
from holdfast.errors import DISTRIBUTION, UsageError, unknown
from holdfast.files import write_whole

Rows = Sequence[Mapping[str, Any]]
"""`{prompt, reference}` and whatever else the reward reads."""

_JUDGE = '''
HERE = Path(__file__).parent
ROWS = [json.loads(line) for line in (HERE / "rows.jsonl").read_text("utf-8").splitlines()]
REWARD = Reward.from_config(json.loads((HERE / "reward.json").read_text("utf-8")))


def judged(answer, row):
    """The score of Holdfast's reward. Raises where it cannot judge: such a rollout has no value, and is not a 0."""
    score = REWARD.score(Sample(answer, row["reference"], row["prompt"], row))
    if score.value is None:
        raise RuntimeError(f"cannot be judged: {score.reason}")
    return score
'''
_VERIFIERS = '''"""NAME: prompts and references judged by Holdfast's reward (a taskset of verifiers v1)."""

import json
from pathlib import Path

import verifiers.v1 as vf

from holdfast import Reward, Sample
JUDGE

class RowData(vf.TaskData):
    row: dict


class RowTask(vf.Task[RowData]):
    @vf.reward
    async def holdfast(self, trace: vf.Trace) -> float:
        return judged(trace.last_reply, self.data.row).value


class RowTaskset(vf.Taskset[RowTask, vf.TasksetConfig]):
    def load(self):
        for row in ROWS:
            yield RowTask(RowData(prompt=row["prompt"], row=row), self.config.task)


__all__ = ["RowTaskset"]
'''
_INSPECT = '''"""NAME: prompts and references judged by Holdfast's reward (a task of inspect)."""

import json
from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample as Asked
from inspect_ai.scorer import Score, mean, scorer, stderr
from inspect_ai.solver import generate

from holdfast import Reward, Sample
JUDGE

@scorer(metrics=[mean(), stderr()])
def holdfast():
    async def score(state, target):
        given = judged(state.output.completion, ROWS[state.metadata["row"]])
        return Score(value=given.value, answer=given.extracted, explanation=given.reason)

    return score


@task
def TASK():
    samples = [
        Asked(input=row["prompt"], target=str(row["reference"]), metadata={"row": n}) for n, row in enumerate(ROWS)
    ]
    return Task(dataset=MemoryDataset(samples), solver=generate(), scorer=holdfast())
'''
_OPENENV_APP = '''"""NAME: prompts and references judged by Holdfast's reward, by OpenEnv's protocol."""

import argparse
import json
from pathlib import Path

import uvicorn

from holdfast.environment import environment_spec, make_environment
from holdfast.serve.hubs.openenv import OpenEnvServer

HERE = Path(__file__).parent.parent
ADDRESS = f"rows:{HERE / 'rows.jsonl'}"
MADE = make_environment(ADDRESS, reward=json.loads((HERE / "reward.json").read_text("utf-8")))
app = OpenEnvServer(environment_spec(ADDRESS), MADE, ["train", "test"]).app()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="0.0.0.0")
    parser.add_argument("--port", type=int, default=8000)
    args = parser.parse_args()
    uvicorn.run(app, host=args.host, port=args.port)


if __name__ == "__main__":
    main()
'''
_OPENENV_YAML = """spec_version: 1
name: NAME
version: 0.1.0
type: space
runtime: fastapi
app: server.app:app
port: 8000
validation:
  reward:
    range: [0.0, 1.0]
"""
_HARBOR_TOML = """version = "1.0"

[metadata]
name = "NAME"

[verifier]
timeout_sec = 300.0

[agent]
timeout_sec = 900.0
"""
_HARBOR_TEST = """#!/bin/bash
# The reward of Holdfast for the text in /app/answer.txt; an answer that is not there is empty.
mkdir -p /logs/verifier
python3 - <<'PYTHON'
import json
from pathlib import Path

from holdfast import Reward, Sample

held, answer = Path("/tests"), Path("/app/answer.txt")
row = json.loads((held / "row.json").read_text("utf-8"))
said = answer.read_text("utf-8", errors="replace") if answer.is_file() else ""
reward = Reward.from_config(json.loads((held / "reward.json").read_text("utf-8")))
score = reward.score(Sample(said, row["reference"], row["prompt"], row))
if score.value is not None:
    Path("/logs/verifier/reward.txt").write_text(str(score.value))
PYTHON
"""


def export(kind: str, rows: Rows, reward: Mapping[str, Any], out: Path, name: str) -> list[Path]:
    """Write the rows for a hub into an empty or new directory; what was written. Raises UsageError for another kind, a
    directory that holds something, or rows that the kind cannot take."""
    if kind not in KINDS:
        raise unknown("format of an export", kind, KINDS)
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} holds something already; choose another out=")
    for row in rows:
        if not isinstance(row["prompt"], str):
            raise UsageError("only prompts that are text are exported, not lists of messages")
    module = re.sub(r"\W+", "_", name).strip("_") or "holdfast_rows"
    out.mkdir(parents=True, exist_ok=True)
    KINDS[kind](rows, reward, out, module if module[0].isalpha() else f"rows_{module}")
    return sorted(path for path in out.rglob("*") if path.is_file())


def _data(rows: Rows, reward: Mapping[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "rows.jsonl", "".join(json.dumps(dict(row), ensure_ascii=False) + "\n" for row in rows))
    write_whole(folder / "reward.json", json.dumps(dict(reward)))


def _project(out: Path, module: str, package: str, more: str = "") -> None:
    write_whole(
        out / "pyproject.toml",
        '[build-system]\nrequires = ["setuptools>=77"]\nbuild-backend = "setuptools.build_meta"\n\n'
        f'[project]\nname = "{module.replace("_", "-")}"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'
        f'dependencies = ["{DISTRIBUTION}>={__version__}", "{package}"]\n{more}\n'
        f'[tool.setuptools]\npackages = ["{module}"]\n\n'
        f'[tool.setuptools.package-data]\n{module} = ["*.jsonl", "*.json"]\n',
    )


def _package(template: str, package: str) -> Callable[[Rows, Mapping[str, Any], Path, str], None]:
    def write(rows: Rows, reward: Mapping[str, Any], out: Path, module: str) -> None:
        _data(rows, reward, out / module)
        text = template.replace("JUDGE", _JUDGE).replace("NAME", module).replace("TASK", module)
        write_whole(out / module / "__init__.py", text)
        _project(out, module, package)

    return write


def _openenv(rows: Rows, reward: Mapping[str, Any], out: Path, module: str) -> None:
    _data(rows, reward, out)
    (out / "server").mkdir()
    write_whole(out / "server" / "__init__.py", "")
    write_whole(out / "server" / "app.py", _OPENENV_APP.replace("NAME", module))
    write_whole(out / "openenv.yaml", _OPENENV_YAML.replace("NAME", module))
    write_whole(out / "__init__.py", "")
    more = f'\n[project.scripts]\nserver = "{module}.server.app:main"\n'
    _project(out, module, "openenv>=0.10", more)
    image = f"FROM python:3.11-slim\nWORKDIR /app/env\nRUN pip install '{DISTRIBUTION}[serve]' openenv\nCOPY . .\n"
    write_whole(out / "server" / "Dockerfile", image + 'CMD ["python", "-m", "server.app"]\n')


def _harbor(rows: Rows, reward: Mapping[str, Any], out: Path, module: str) -> None:
    for number, row in enumerate(rows):
        task = out / f"{module}-{number}"
        for folder in ("environment", "tests"):
            (task / folder).mkdir(parents=True)
        ask = f"{row['prompt']}\n\nWrite your answer into the file /app/answer.txt.\n"
        write_whole(task / "instruction.md", ask)
        write_whole(task / "task.toml", _HARBOR_TOML.replace("NAME", task.name))
        image = f"FROM python:3.11-slim\nWORKDIR /app\nRUN pip install --no-cache-dir {DISTRIBUTION}=={__version__}\n"
        write_whole(task / "environment" / "Dockerfile", image)
        write_whole(task / "tests" / "test.sh", _HARBOR_TEST)
        write_whole(task / "tests" / "row.json", json.dumps(dict(row), ensure_ascii=False))
        write_whole(task / "tests" / "reward.json", json.dumps(dict(reward)))
        (task / "tests" / "test.sh").chmod(0o755)


KINDS: Mapping[str, Callable[[Rows, Mapping[str, Any], Path, str], None]] = {
    "verifiers": _package(_VERIFIERS, "verifiers>=0.4"),
    "inspect": _package(_INSPECT, "inspect_ai>=0.3"),
    "openenv": _openenv,
    "harbor": _harbor,
}
"""Format → what writes it."""
