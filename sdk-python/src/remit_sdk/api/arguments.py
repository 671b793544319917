"""Arguments of calls, as Remit says them and as a request says them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .answer import ApiRefusal
from .exact_json import ExactJson

ArgumentText = str | bool | list["ArgumentText"] | dict[str, "ArgumentText"]
"""An argument as Remit says it: numbers and dates are the text that was written, so that no digit can be lost."""


@dataclass(frozen=True)
class Written:
    """Text in a path or query: only the catalog knows whether it is a text, a number, yes or no, or a list."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class ReadArguments:
    """Arguments of a request. Begin with `all` and say what is different."""

    all: Mapping[str, Any]
    """Parameters of path and query and members of the body, by their names. A body that is no object is called `body`."""
    path: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: Any
    """Numbers as their text."""


def argument_texts_of(value: object) -> dict[str, ArgumentText] | None:
    """Arguments in a token or an answer of Remit's; `None`: they are none."""
    return value if isinstance(value, dict) and _is_text(value) else None


def _is_text(value: object) -> bool:
    if isinstance(value, dict):
        return all(map(_is_text, value.values()))
    if isinstance(value, list):
        return all(map(_is_text, value))
    return isinstance(value, str | bool)


def read_arguments(
    path: Mapping[str, str], query: Sequence[tuple[str, str]], body: ExactJson
) -> ReadArguments:
    """Everything that a request says, by name. Raises `ApiRefusal` (`api.misconfigured`): two things have one name."""
    listed: dict[str, list[str]] = {}
    for name, value in query:
        listed.setdefault(name, []).append(value)
    everything: dict[str, Any] = {}

    def add(name: str, value: object) -> None:
        if name in everything:
            raise ApiRefusal("api.misconfigured", f"`{name[:100]}` is there twice: say `arguments`")
        everything[name] = value

    for name, value in path.items():
        add(name, Written((value,)))
    for name, values in listed.items():
        add(name, Written(tuple(values)))
    if isinstance(body, dict):
        for name, member in body.items():
            add(name, member)
    elif body is not None:
        add("body", body)
    return ReadArguments(everything, path, listed, body)


def same_arguments(decided: Mapping[str, ArgumentText], read: object) -> bool:
    """Whether a request says exactly what was decided: nothing more, nothing less, every text the same. `None` is no value."""
    if not isinstance(read, Mapping):
        return False
    present = {name: value for name, value in read.items() if value is not None}
    return present.keys() == decided.keys() and all(
        _same(decided[name], value) for name, value in present.items()
    )


def part_of_arguments(decided: Mapping[str, ArgumentText], read: Mapping[str, object]) -> bool:
    """Whether all that is said in `read` is what was decided; what is not in it is not compared. `None` is no value."""
    return all(
        _same(decided[name], value) if name in decided else value is None
        for name, value in read.items()
    )


def _same(decided: ArgumentText, read: object) -> bool:
    if isinstance(read, Written):
        texts = decided if isinstance(decided, list) else [decided]
        return tuple(map(written_text, texts)) == read.values
    # `True == 1` in Python.
    if isinstance(decided, bool) or isinstance(read, bool):
        return decided is read
    if isinstance(decided, str):
        return isinstance(read, str) and decided == read
    if isinstance(decided, list):
        return (
            isinstance(read, list) and len(decided) == len(read) and all(map(_same, decided, read))
        )
    return same_arguments(decided, read)


def written_text(text: ArgumentText) -> str | None:
    """A text or a yes or no as it stands in a path or query; nothing else is nested there."""
    if isinstance(text, bool):
        return "true" if text else "false"
    return text if isinstance(text, str) else None
