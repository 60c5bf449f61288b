"""Which weights a backend in a process of its own will load, known without loading them."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from holdfast.files import digest

_READ = ("*.safetensors", "*.bin", "*.gguf", "*.json", "*.jinja", "*.model", "*.txt")
"""Files of a model directory that can change what the model writes."""


def stored_weights(name: str, revision: str | None = None) -> str | None:
    """Hash of a model directory's files, or the commit of a hub repository in the local cache; None where neither is
    known, as for a model that is still to be downloaded."""
    folder = Path(name)
    if folder.is_dir():
        paths = sorted({path for pattern in _READ for path in folder.glob(pattern)})
        with ThreadPoolExecutor(max_workers=4) as pool:
            return digest(sorted(zip([path.name for path in paths], pool.map(_hash, paths), strict=True)))
    return _commit(name, revision or "main")


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "blake2b").hexdigest()[:32]


def _commit(name: str, revision: str) -> str | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, "config.json", revision=revision)
    return Path(found).parent.name if isinstance(found, str) else None
