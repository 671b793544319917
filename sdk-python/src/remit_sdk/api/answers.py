"""What a permit asks for with the answer of a call: changes to it, and amounts that stand in it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .answer import PROBLEMS, Answer, ApiRefusal, problem_answer
from .exact_json import ExactJson, ExactNumber, read_exact_json

MAX_ANSWER = 1024 * 1024
"""How large an answer may be that has to be read."""
_REDACTED = "[redacted]"
_POINTER = re.compile(r"(?:/(?:[^~/\s]|~[01])+)+")
_MOST = re.compile(r"[1-9]\d{0,5}", re.ASCII)
_PLACE = re.compile(r"0|[1-9]\d*", re.ASCII)
_JSON_TYPE = re.compile(
    r'application/(?:[a-z0-9.+-]+\+)?json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*|;(?![^;]*charset)[^;]*)*',
    re.IGNORECASE,
)
"""In another charset than UTF-8 the caller would read other names than we do."""
_RANGE = re.compile(r"[ \t]*(?:\*/\*|application/(?:\*|json|[a-z0-9.+-]+\+json))[ \t]*(?:;|$)")

OF_THE_ANSWER = frozenset(
    {
        "content-digest",
        "content-disposition",
        "content-length",
        "content-md5",
        "digest",
        "etag",
        "last-modified",
        "link",
        "location",
        "preference-applied",
        "repr-digest",
    }
)
"""Headers that say something of what was answered: names of files, addresses, what stood in it."""


@dataclass(frozen=True)
class Obligation:
    type: str
    properties: Mapping[str, str]


@dataclass(frozen=True)
class AnswerPart:
    """A part of the answer that says how much the call takes of limits."""

    limit: str
    """`charged`, `rows`"""
    path: str


@dataclass(frozen=True)
class HandlersAnswer:
    """An answer of a handler, before anyone else sees it."""

    content_type: str
    content_encoding: str
    body: bytes | None
    """`None`: it is larger than may be read."""

    @property
    def misfit(self) -> str | None:
        """Why it could not be read, whatever stands in it."""
        if not _JSON_TYPE.fullmatch(self.content_type):
            return "it is no JSON"
        return None if self.content_encoding.lower() in ("", "identity") else "it is compressed"

    def read(self) -> ExactJson:
        """Raises `Unfit`."""
        if self.misfit:
            raise Unfit(self.misfit)
        if self.body is None:
            raise Unfit("it is too large")
        try:
            return read_exact_json(self.body.decode("utf-8"))
        except (ApiRefusal, UnicodeDecodeError):
            raise Unfit("it is no JSON that can be read") from None


class Unfit(Exception):
    """An answer that cannot be made what it has to be. It is told nobody."""


Reshape = Callable[[ExactJson], ExactJson]


class Answering:
    """Work that has to be done with the answer of one call. Raises `Unfit` for what is not known here: the call must not run."""

    def __init__(
        self,
        obligations: Sequence[Obligation],
        settles: Sequence[AnswerPart],
        hash_key: bytes | None,
        decision_id: str,
    ) -> None:
        self._reshape = reshape_for(obligations, hash_key)
        self._settles = settles
        self._decision_id = decision_id
        self.holds = len(obligations) > 0
        """It is told otherwise than it came, so nothing of it before all of it is there."""

    def tell(self, answer: HandlersAnswer) -> bytes | Answer:
        """Bytes in place of the answer, or an answer that says why it is withheld."""
        if answer.body == b"":
            return b""
        try:
            return print_exact_json(self._reshape(answer.read())).encode()
        except Unfit as why:
            return self._withheld(str(why))

    def amounts(self, answer: HandlersAnswer) -> list[dict[str, str]]:
        """Amounts in it, for the report of the outcome."""
        try:
            return amounts_in(answer.read(), self._settles) if self._settles else []
        except Unfit:
            return []

    def _withheld(self, why: str) -> Answer:
        """As the gateway says it."""
        code = "obligation.failed"
        status, title = PROBLEMS[code]
        detail = f"the call was executed, and its response is withheld: a policy requires changes to it, and {why}"
        problem = {
            "type": f"urn:remit:problem:{code}",
            "title": title,
            "status": status,
            "detail": detail,
            "code": code,
            "decision_id": self._decision_id,
        }
        return problem_answer(status, problem, {"remit-decision": self._decision_id})


def doable_with(hash_key: bytes | None) -> list[str]:
    """Obligations that can be met here. Digests need a key."""
    return ["redact", "cap", *([] if hash_key is None else ["hash"])]


def admits_json(accept: str | None) -> bool:
    """Whether an answer in JSON would do for the caller."""
    return accept is None or any(map(_RANGE.match, accept.lower().split(",")))


def plain_type(content_type: str) -> str:
    """The media type goes without what is said beside it."""
    return content_type.partition(";")[0].strip()


def reshape_for(obligations: Sequence[Obligation], hash_key: bytes | None) -> Reshape:
    """
    All that a permit obliges to, as one step. Lists are cut first, then parts become digests, then parts go: what two
    obligations name is told as the stricter one says. Raises `Unfit`: some of it is not known here, or not understood.
    """
    doable = doable_with(hash_key)
    if not all(each.type in doable and _is_understood(each) for each in obligations):
        raise Unfit("the permit obliges to something that is not known here")

    def paths_of(kind: str) -> list[list[str]]:
        return [
            _steps_of(path)
            for each in obligations
            if each.type == kind
            for path in each.properties["paths"].split(" ")
        ]

    def reshape(answer: ExactJson) -> ExactJson:
        for each in obligations:
            if each.type == "cap":
                most = int(each.properties["most"])
                answer = _change_at(answer, _steps_of(each.properties["path"]), _first_of(most))
        for steps in paths_of("hash"):
            answer = _change_at(answer, steps, lambda value: _digest(value, hash_key or b""))
        for steps in paths_of("redact"):
            answer = _change_at(answer, steps, lambda _: _REDACTED)
        return answer

    return reshape


def _is_understood(obligation: Obligation) -> bool:
    told = obligation.properties
    if obligation.type == "cap":
        return bool(
            _POINTER.fullmatch(told.get("path", "")) and _MOST.fullmatch(told.get("most", ""))
        )
    return all(map(_POINTER.fullmatch, told.get("paths", "").split(" ")))


def _first_of(most: int) -> Reshape:
    def cut(value: ExactJson) -> ExactJson:
        if value is None:
            return value
        if isinstance(value, list):
            return value[:most]
        raise Unfit("what is to be cut is no list")

    return cut


def _digest(value: ExactJson, key: bytes) -> str:
    mac = hmac.digest(key, print_exact_json(value).encode(), hashlib.sha256)
    return "hmac-sha256:" + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def print_exact_json(value: ExactJson) -> str:
    """Prints JSON as Remit writes it: members in their order, numbers as they were."""
    if isinstance(value, ExactNumber):
        return str(value)
    if isinstance(value, list):
        return f"[{','.join(map(print_exact_json, value))}]"
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(f"{_quoted(name)}:{print_exact_json(each)}" for name, each in value.items())
            + "}"
        )
    return _quoted(value)


def _quoted(value: str | bool | None) -> str:
    return json.dumps(value, ensure_ascii=False)


def _steps_of(pointer: str) -> list[str]:
    """RFC 6901."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _change_at(value: ExactJson, steps: list[str], change: Reshape) -> ExactJson:
    """
    Changes what a path names. `*` is every item or member, and a name that meets a list means each of its items: what a
    rule names does not get away because the API puts several of it where there was one.
    """
    if not steps:
        return change(value)
    step, *rest = steps
    if isinstance(value, list):
        if step == "*":
            return [_change_at(item, rest, change) for item in value]
        if not _PLACE.fullmatch(step):
            return [_change_at(item, steps, change) for item in value]
        return [
            _change_at(item, rest, change) if str(i) == step else item
            for i, item in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    return {
        name: _change_at(member, rest, change) if step in ("*", name) else member
        for name, member in value.items()
    }


_UNITS = 10_000
_LARGEST = 10**16
"""Ten-thousandths, beyond every limit there can be."""
_AMOUNT = re.compile(r"(\d{1,400})(?:\.(\d{1,400}))?(?:[eE]([+-]?\d{1,4}))?", re.ASCII)


def amounts_in(answer: ExactJson, parts: Sequence[AnswerPart]) -> list[dict[str, str]]:
    """Reads these amounts in an answer; those that it does not say are left out, and stay as they were reserved."""
    amounts = []
    for part in parts:
        rows = part.limit == "rows"
        total = _sum_at(answer, _steps_of(part.path), _rows_in if rows else _charge_of)
        if total is not None:
            amount = str(total) if rows else _decimal_of(total)
            amounts.append({"limit": part.limit, "path": part.path, "amount": amount})
    return amounts


Counting = Callable[[ExactJson], int | None]


def _sum_at(value: ExactJson, steps: list[str], count: Counting) -> int | None:
    """As obligations read paths. What is missing anywhere, or is no amount, is not taken for nothing."""
    if not steps:
        return count(value)
    step, *rest = steps
    if isinstance(value, list):
        if step == "*":
            return _sum_of(_sum_at(item, rest, count) for item in value)
        if not _PLACE.fullmatch(step):
            return _sum_of(_sum_at(item, steps, count) for item in value)
        place = int(step) if len(step) < 10 else len(value)
        return _sum_at(value[place], rest, count) if place < len(value) else None
    if not isinstance(value, dict):
        return None
    if step == "*":
        return _sum_of(_sum_at(member, rest, count) for member in value.values())
    return _sum_at(value[step], rest, count) if step in value else None


def _sum_of(amounts: Any) -> int | None:
    listed = list(amounts)
    return None if None in listed else sum(listed)


def _rows_in(value: ExactJson) -> int | None:
    if value is None:
        return 0
    return len(value) if isinstance(value, list) else None


def _charge_of(value: ExactJson) -> int | None:
    """Ten-thousandths. A finer one counts as a whole ten-thousandth."""
    found = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return None
    whole, fraction, exponent = found[1], found[2] or "", found[3] or "0"
    digits = int(whole + fraction)
    shift = int(exponent) - len(fraction) + 4
    if digits == 0:
        return 0
    if shift > 400:
        return _LARGEST
    if shift >= 0:
        return int(digits * 10**shift)
    unit = 10**-shift
    return int((digits + unit - 1) // unit)


def _decimal_of(units: int) -> str:
    whole, fraction = divmod(min(units, _LARGEST), _UNITS)
    text = f"{fraction:04d}".rstrip("0")
    return f"{whole}.{text}" if text else str(whole)
