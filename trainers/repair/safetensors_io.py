"""Safetensors read and written piece by piece: a checkpoint may be larger than the memory, and so may one tensor.

Files are read, not mapped into memory, so what a process holds is what it is given and no more.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from holdfast.errors import DataError

INDEX = "model.safetensors.index.json"
PIECE = 2**20
"""Elements held at once."""

_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """Where a tensor lies."""

    name: str
    file: Path
    kind: str
    """The element type as safetensors names it."""
    shape: tuple[int, ...]
    start: int
    """First byte in the file."""

    @property
    def count(self) -> int:
        """Number of elements of the tensor."""
        return prod(self.shape)

    @property
    def floating(self) -> bool:
        """Whether it holds weights (not counts or masks)."""
        return "F" in self.kind

    @property
    def dtype(self) -> Any:
        """The type as torch calls it. Raises DataError for a type that torch has not."""
        import torch

        if self.kind not in _DTYPES:
            raise DataError(f"{self.file}: {self.name} is of type {self.kind}, which cannot be blended")
        return getattr(torch, _DTYPES[self.kind])

    def read(self, first: int = 0, count: int | None = None) -> Any:
        """`count` elements from `first` on, flat; all of them by default."""
        import torch

        size = self.dtype.itemsize
        buffer = bytearray((self.count - first if count is None else count) * size)
        with self.file.open("rb") as stream:
            stream.seek(self.start + first * size)
            if stream.readinto(buffer) != len(buffer):
                raise DataError(f"{self.file} ends within {self.name}: the file is not whole")
        return torch.frombuffer(buffer, dtype=self.dtype) if buffer else torch.empty(0, dtype=self.dtype)

    def pieces(self) -> Iterator[tuple[int, int]]:
        """(first, count) of pieces that fit in memory."""
        for first in range(0, self.count, PIECE):
            yield first, min(PIECE, self.count - first)


def shards(directory: Path) -> list[Path]:
    """The safetensors files of a checkpoint, those of its index where it has one. Raises DataError for none."""
    if (directory / INDEX).is_file():
        named = json.loads((directory / INDEX).read_text("utf-8"))["weight_map"].values()
        files = [directory / name for name in sorted(set(named))]
        for file in files:
            if not file.is_file():
                raise DataError(f"{directory / INDEX} names {file.name}, which is not there")
        return files
    whole = [directory / name for name in ("model.safetensors", "adapter_model.safetensors")]
    files = [file for file in whole if file.is_file()] or sorted(directory.glob("*.safetensors"))
    if not files:
        raise DataError(f"{directory} holds no safetensors weights")
    return files


def places(file: Path) -> tuple[bytes, list[StoredTensor]]:
    """A file's header as it stands, and its tensors in the order of their bytes. Raises DataError for another file."""
    try:
        with file.open("rb") as stream:
            length = stream.read(8)
            raw = stream.read(struct.unpack("<Q", length)[0])
        tensors = {name: about for name, about in json.loads(raw).items() if name != "__metadata__"}
    except (OSError, ValueError, struct.error) as error:
        raise DataError(f"{file} is not a safetensors file: {error}") from error
    begin = len(length) + len(raw)
    found = [
        StoredTensor(name, file, about["dtype"], tuple(about["shape"]), begin + about["data_offsets"][0])
        for name, about in tensors.items()
    ]
    return length + raw, sorted(found, key=lambda place: place.start)


def find(directory: Path) -> dict[str, StoredTensor]:
    """Every tensor of a checkpoint by name."""
    return {tensor.name: tensor for file in shards(directory) for tensor in places(file)[1]}
