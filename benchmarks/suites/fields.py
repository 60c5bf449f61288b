"""Readers of a user's rows: one field each, by name or dotted path, checked where a wrong type would go unnoticed."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.benchmarks.suites.source import Doc
from holdfast.errors import DataError
from holdfast.records import pick


class ReadField:
    """Reads one field of a row (`question`, `input.text`, `output.0`); raises DataError naming the fields there are.

    `named`: which field the suite says; None: the one called like its role."""

    def __init__(self, role: str, named: "str | None", where: "str | Path", optional: bool = False) -> None:
        self.role, self.name = role, str(named or role)
        self.where, self.optional = where, optional

    def __call__(self, doc: Doc) -> Any:
        """The field's value."""
        if self.name in doc:
            return _no_nan(doc[self.name])
        if "." in self.name or "," in self.name:
            return _no_nan(pick(doc, self.name, str(self.where)))
        if self.optional:
            return None
        fields = ", ".join(str(key) for key in doc if key != "_file")
        raise DataError(
            f"{self.where} has no field {self.name!r}; it has {fields}. Say which one it is: `{self.role}: FIELD`"
        )


class ReadPrompt(ReadField):
    """A prompt: text, or messages with `role` and `content`."""

    def __call__(self, doc: Doc) -> Any:
        """The prompt of a row."""
        value = super().__call__(doc)
        if isinstance(value, str):
            _check_text(value, self)
            return value
        if isinstance(value, Sequence) and value and all(_is_message(one) for one in value):
            for one in value:
                _check_text(str(one["content"]), self)
            return list(value)
        raise DataError(
            f"{self.where}: {self.role} field {self.name!r} holds {str(value)[:80]!r}; expected text, or a list of "
            "messages {role: user, content: …}"
        )


class ReadOptions(ReadField):
    """Options as a list of texts; in a table a JSON array."""

    def __call__(self, doc: Doc) -> list[str]:
        """The options of a row."""
        value = super().__call__(doc)
        if isinstance(value, str) and value.lstrip().startswith("["):
            try:
                value = json.loads(value)
            except ValueError:
                value = None
        if not isinstance(value, list | tuple) or not value:
            raise DataError(
                f"{self.where}: {self.role} field {self.name!r} holds no list of options: {str(value)[:80]!r}"
            )
        return [str(option) for option in value]


class RightOption:
    """The text of the right option, which a row names by its number from 0, its letter or its text."""

    def __init__(self, options: ReadOptions, named: ReadField) -> None:
        self._options, self._named = options, named

    def __call__(self, doc: Doc) -> str:
        """The right option of a row."""
        options = self._options(doc)
        named = self._named(doc)
        if isinstance(named, str) and named in options:
            return named
        number = "ABCDEFGHIJKLMNOP".find(named.upper()) if isinstance(named, str) and len(named) == 1 else named
        if isinstance(named, str) and named.isdecimal():
            number = int(named)
        if not isinstance(number, int) or not 0 <= number < len(options):
            raise DataError(
                f"{self._named.where}: {named!r} is no option's number, letter or text ({len(options)} options)"
            )
        return options[number]


class ShownAnswer:
    """How an example is answered: by the field `answer`, or by the reference where there is none of that name."""

    def __init__(self, named: "str | None", reference: ReadField, where: "str | Path") -> None:
        self._answer, self._reference, self._named = ReadField("answer", named, where), reference, named

    def __call__(self, doc: Doc) -> str:
        """The answer shown behind an example."""
        return str(self._answer(doc) if self._named or "answer" in doc else self._reference(doc))


class ReadOptional:
    """Reads one field of a row as text, None where it is absent."""

    def __init__(self, role: str, name: str, where: "str | Path") -> None:
        self._read, self.name = ReadField(role, name, where, optional=True), name

    def __call__(self, doc: Doc) -> str | None:
        """The field's value as text."""
        value = self._read(doc)
        return None if value is None else str(value)


class CheckedRows:
    """The rows of a file, when there are any and each column that the suite names is in one of them."""

    def __init__(self, columns: Mapping[str, ReadOptional], where: "str | Path") -> None:
        self._columns, self._where = dict(columns), where

    def __call__(self, rows: list[Doc]) -> list[Doc]:
        """The rows as they are."""
        if not rows:
            raise DataError(f"{self._where} holds no rows")
        for role, read in self._columns.items():
            if all(read(row) is None for row in rows):
                fields = ", ".join(str(key) for key in rows[0] if key != "_file")
                raise DataError(f"{self._where}: no row has the field {read.name!r} ({role}); they have {fields}")
        return rows


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("role"), str) and "content" in value


def _check_text(text: str, read: ReadField) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(
            f"{read.where}: {read.role} field {read.name!r} holds half a character (a lone surrogate), which no "
            f"tokenizer reads: {text[:60]!a}"
        ) from error


def _no_nan(value: Any) -> Any:
    """None for NaN, which a table reader makes of an empty cell."""
    return None if isinstance(value, float) and value != value else value
