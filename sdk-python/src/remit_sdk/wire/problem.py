"""RFC 9457 as Remit writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .flow import Answer

_PROBLEM_TYPE = re.compile(r"application/problem\+json\b", re.IGNORECASE)


@dataclass(frozen=True)
class WireProblem:
    code: str
    detail: str
    enough: str | None
    decision_id: str | None
    members: Mapping[str, Any]


def own_problem_of(answer: Answer) -> WireProblem | None:
    """
    Reads what Remit itself said about a call.
    INVARIANT: nothing that an API behind the gateway answers is taken for it: the gateway says of its own
    answers that they are (`Remit-Answer: own`), and passes nothing on that an API calls so.
    """
    return problem_of(answer) if answer.headers.get("remit-answer") == "own" else None


def problem_of(answer: Answer) -> WireProblem | None:
    """The problem in an answer of Remit's."""
    if answer.status < 400 or not _PROBLEM_TYPE.match(answer.headers.get("content-type", "")):
        return None
    members = object_of(answer.body)
    code = members.get("code")
    if not isinstance(code, str) or members.get("type") != f"urn:remit:problem:{code}":
        return None
    return WireProblem(
        code=code,
        detail=text_or(members.get("detail")) or "no reason was given",
        enough=text_or(members.get("enough")),
        decision_id=text_or(members.get("decision_id")) or answer.headers.get("remit-decision"),
        members=members,
    )


def object_of(body: bytes) -> Mapping[str, Any]:
    """The body as a JSON object; empty when it is none."""
    try:
        return record_of(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def record_of(value: object) -> Mapping[str, Any]:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def text_or(value: object) -> str | None:
    """The value when it is a text with something in it."""
    return value if isinstance(value, str) and value else None


def number_or(value: object) -> int | float | None:
    """The value when it is a finite number; yes and no are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 1e15 else None
