"""How a bare Python becomes a supervisor: a loader on its command line reads our modules from standard input."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

LOADER = """
import json, os, sys
from importlib.machinery import ModuleSpec
def exactly(n):
    data = b""
    while len(data) < n:
        part = os.read(0, n - len(data))
        if not part: sys.exit(0)
        data += part
    return data
boot = json.loads(exactly(int.from_bytes(exactly(4), "big")))
class Source:
    def find_spec(self, name, path=None, target=None):
        if name in boot["modules"]:
            return ModuleSpec(name, self, is_package=name in boot["packages"])
    def create_module(self, spec): return None
    def exec_module(self, module):
        name = module.__name__
        exec(compile(boot["modules"][name], name, "exec"), module.__dict__)
sys.meta_path.insert(0, Source())
from inside.supervisor.supervisor import main
main(boot["config"])
"""

COMMAND = ("-S", "-P", "-B", "-c", LOADER)
"""Arguments of the sandbox's Python."""

ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUTF8": "1",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "LD_BIND_NOW": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""A fixed hash seed: the same program gets the same verdict in every sandbox."""


def first_frame(config: dict[str, Any]) -> bytes:
    """What the loader reads."""
    modules = _modules()
    packages = sorted({name.rpartition(".")[0] for name in modules} - {""})
    body = json.dumps({"modules": modules, "packages": packages, "config": config}).encode()
    return len(body).to_bytes(4, "big") + body


@lru_cache(maxsize=1)
def _modules() -> dict[str, str]:
    """The source of every module of the inside, by its import name in the sandbox; a package is its `__init__`."""
    folder = Path(__file__).parent.parent / "inside"
    paths = sorted(folder.rglob("*.py"))
    return {_module_name(path.relative_to(folder.parent)): path.read_text(encoding="utf-8") for path in paths}


def _module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
