"""JSON without loss: numbers as the text that was written."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import NoReturn

from .answer import ApiRefusal


class ExactNumber(str):
    """A number as it was written: never a float, which would lose digits."""

    __slots__ = ()


ExactJson = str | bool | None | list["ExactJson"] | dict[str, "ExactJson"]

_MAX_DEPTH = 64
_FORBIDDEN = frozenset({"__proto__", "__entity", "__extn", "__expr"})
"""Names with a meaning in policies or in other languages, refused by Remit too."""
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def read_exact_json(text: str) -> ExactJson:
    """
    Reads one JSON text strictly: what two parsers could read differently (repeated names, lone surrogates, a byte
    order mark) is refused, so that what was compared is what the handler gets. Raises `ApiRefusal` (`input.…`).
    """
    if text.startswith("\ufeff"):
        raise _malformed("a byte order mark")
    try:
        value: ExactJson = json.loads(
            text,
            parse_int=ExactNumber,
            parse_float=ExactNumber,
            parse_constant=_no_constant,
            object_pairs_hook=_members,
        )
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise _malformed("not JSON") from None
    _check(value, 0)
    return value


def require_exact_numbers(text: str) -> None:
    """
    Refuses a number that a float would change: a handler that reads the body gets what was decided on. Whole numbers
    have all their digits in Python. What is not JSON is left to others. Raises `ApiRefusal`.
    """
    try:
        json.loads(text, parse_float=_exact_float)
    except (ValueError, RecursionError):
        return


def _exact_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or Decimal(repr(value)) != Decimal(text):
        raise ApiRefusal("input.inexact_number", f"{text[:40]} has more digits than a float has")
    return value


def _members(pairs: list[tuple[str, ExactJson]]) -> dict[str, ExactJson]:
    members: dict[str, ExactJson] = {}
    for name, value in pairs:
        if name in _FORBIDDEN:
            raise ApiRefusal("input.forbidden_key", "the name of a member is not allowed")
        if name in members:
            raise ApiRefusal("input.duplicate_key", "the name of a member is there twice")
        members[name] = value
    return members


def _check(value: ExactJson, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
        return
    if not isinstance(value, list | dict):
        return
    if depth >= _MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, dict):
        for name in value:
            _check_text(name)
    for each in value.values() if isinstance(value, dict) else value:
        _check(each, depth + 1)


def _check_text(text: str) -> None:
    if _UNFIT.search(text):
        raise _malformed("a text that is none")


def _no_constant(_: str) -> NoReturn:
    raise _malformed("not JSON")


def _malformed(why: str) -> ApiRefusal:
    return ApiRefusal("input.malformed", f"the body cannot be read: {why}")


def _too_deep() -> ApiRefusal:
    return ApiRefusal("input.too_deep", f"nested deeper than {_MAX_DEPTH}")
