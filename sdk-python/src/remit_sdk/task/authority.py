"""Authority of tasks, as it is asked for and granted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict


class Bound(TypedDict):
    """A limit on the arguments of calls: `{"path": "/amount", "op": "lte", "value": "1000.00"}`. Numbers are exact text."""

    path: str
    """JSON Pointer into the arguments."""
    op: Literal["eq", "in", "lte", "gte", "prefix"]
    value: str | Sequence[str]


class Detail(TypedDict):
    """Authority to call: these actions of these resources, within these bounds."""

    type: NotRequired[Literal["remit_call", "remit_delegate"]]
    """Default `remit_call`."""
    locations: Sequence[str]
    """Resource identifiers."""
    actions: Sequence[str]
    """Action names of the catalog, such as `orders.refund`, or groups such as `read`."""
    bounds: NotRequired[Sequence[Bound]]


class Limit(TypedDict):
    """
    A limit on a task and everything below it: so many calls, all of them or those of one action, or a sum over an
    argument. With `seconds` in any so many seconds, otherwise altogether.
    """

    limit: Literal["calls", "sum"]
    max: int | str
    """Calls: a number. Sums: exact decimal text."""
    action: NotRequired[str]
    path: NotRequired[str]
    seconds: NotRequired[int]


def delegating(
    details: Sequence[Detail], may_delegate: Sequence[Detail] | None
) -> list[Mapping[str, Any]]:
    """One list, as it is sent: what may be done and, where that differs, what may be handed on."""
    return [
        *({**detail, "type": detail.get("type", "remit_call")} for detail in details),
        *({**detail, "type": "remit_delegate"} for detail in may_delegate or ()),
    ]


def granted(details: Sequence[Mapping[str, Any]]) -> tuple[Detail, ...]:
    """Details of the grant that may be done; those that may be handed on are told beside them."""
    return tuple(
        detail  # type: ignore[misc]  # the members that are read were looked at
        for detail in details
        if detail.get("type") != "remit_delegate"
        and _are_texts(detail.get("locations"))
        and _are_texts(detail.get("actions"))
    )


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def json_or(value: object | None) -> str | None:
    return None if value is None else json.dumps(value)
