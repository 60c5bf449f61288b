"""The module that tests import the program by."""

import types
from collections.abc import Iterable
from typing import Any

from .candidate_client import CandidateClient, MissingAttributeError


class Program(types.ModuleType):
    """Stands for the module of the candidate: each name is asked for when it is used."""

    def __init__(self, name: str, client: CandidateClient, names: dict[str, str], exported: Iterable[str]) -> None:
        """`exported`: what `from solution import *` may bring, names that the tests use and get from nowhere else."""
        super().__init__(name)
        self.__dict__["_client"] = client
        self.__dict__["__all__"] = [key for key in exported if names.get(key, "module") != "module"]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self.__dict__["_client"].ask("name", name)
        except KeyError:
            raise MissingAttributeError(f"the program does not define {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__"):
            super().__setattr__(name, value)
        else:
            self.__dict__["_client"].ask("set name", name, value)

    def __delattr__(self, name: str) -> None:
        self.__dict__["_client"].ask("delete name", name)
