"""The worker's side of the exchange: one JSON object a line. Standard library only; runs in foreign interpreters."""

import hashlib
import importlib.util
import json
import os
import sys
from importlib import metadata
from pathlib import Path


def pin(distribution, module):
    """Name and version of an installed package, and a hash of its files as they lie there (data included)."""
    folder = Path(importlib.util.find_spec(module).origin).parent
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        found.update(str(path.relative_to(folder)).encode() + b"\0")
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return {"package": distribution, "version": metadata.version(distribution), "sha256": found.hexdigest()}


def serve(verbs):
    """Answer requests until the input ends. `verbs`: functions by name; what one raises is told to the host."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what the package prints is no answer
    sys.stdout = sys.stderr
    for line in sys.stdin.buffer:
        request = json.loads(line)
        verb = request.pop("verb")
        try:
            reply = {"result": verbs[verb](**request)}
        except Exception as error:  # noqa: BLE001 - the host decides what it means
            reply = {"error": f"{type(error).__name__}: {error}"[:2000]}
        data = json.dumps(reply, ensure_ascii=True, default=str).encode() + b"\n"
        while data:
            data = data[answers.write(data) :]
