"""Waiting for people who have to approve a call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from ..errors import CallFailed, Denied, PendingApproval, RefusalFacts
from ..wire.address import is_same_origin
from ..wire.flow import Flow, Pause
from ..wire.problem import record_of, text_or
from .held import Held

FIRST_PAUSE = 1.0
MAX_PAUSE = 15.0
GROWTH = 1.5
_MAX_RETRY_AFTER = 60.0


def pending_of(value: object, issuer: str) -> PendingApproval | None:
    """The access request as Remit writes it. People are sent to Remit's own pages only."""
    request = record_of(value)
    id, page, text = (text_or(request.get(name)) for name in ("id", "page", "expires_at"))
    if not id or not page or not text or not is_same_origin(page, issuer):
        return None
    try:
        expires_at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return PendingApproval(
        id, page, expires_at if expires_at.tzinfo else expires_at.replace(tzinfo=UTC)
    )


def wait_for_approval(held: Held, pending: PendingApproval, timeout: float | None) -> Flow[None]:
    """
    Asks how a request stands until people have approved it, less and less often. Remit may be out of reach for a
    while: people's time does not depend on it.
    Raises `Denied` (`approval.denied`, `approval.edited`, `approval.expired`, `approval.cancelled`), `CallFailed`, `TimeoutError`.
    """
    began = held.now()
    pause = FIRST_PAUSE
    while True:
        answer, wanted = yield from _look(held, pending)
        state = answer.get("state")
        if state == "approved":
            return
        if state not in (None, "pending"):
            raise _ended(state, answer)
        wait = max(pause, wanted)
        if timeout is not None and held.now() + wait > began + timeout:
            raise TimeoutError(f"nobody has answered `{pending.id}` within {timeout:g} s")
        yield Pause(wait)
        pause = min(pause * GROWTH, MAX_PAUSE)


def _look(held: Held, pending: PendingApproval) -> Flow[tuple[Mapping[str, Any], float]]:
    """State and what the server wants of the next pause. Without a state there is still time to ask again."""
    try:
        answer = yield from held.ask("GET", f"/requests/{quote(pending.id, safe='')}")
    except (CallFailed, Denied) as error:
        late = held.now() > pending.expires_at.timestamp()
        busy = isinstance(error, CallFailed) or error.status == 429
        if not busy or late:
            raise
        return {}, retry_after(error.response)
    if "state" not in answer:
        raise _ended(None, {})
    return answer, 0.0


def retry_after(response: Any) -> float:
    """Seconds of `Retry-After` (RFC 9110 section 10.2.3), a minute at most; 0 where there is none."""
    try:
        return min(max(float(response.headers.get("retry-after") or 0), 0.0), _MAX_RETRY_AFTER)
    except (AttributeError, TypeError, ValueError):
        return 0.0


def _ended(state: object, answer: Mapping[str, Any]) -> Denied | CallFailed:
    changes = record_of(answer.get("edited")).get("changes")
    if isinstance(changes, list):
        words = "; ".join(_in_words(record_of(change)) for change in changes)
        detail = f"a person approved this call with changes: {words}"
        same = "the same call with these changes and no others"
        return Denied(RefusalFacts("approval.edited", detail, 403, same))
    reason = text_or(answer.get("reason"))
    because = f": {reason}" if reason else ""
    enough: str | None = None
    match state:
        case "denied":
            detail, enough = f"a person denied this call{because}", "another way to the goal"
        case "expired":
            detail, enough = (
                "no one answered in time",
                "the same call again, which asks people again",
            )
        case "cancelled":
            detail = f"the request was withdrawn{because}"
        case _:
            return CallFailed("server.unreadable", "the state of the access request is not known")
    return Denied(RefusalFacts(f"approval.{state}", detail, 403, enough))


def _in_words(change: Mapping[str, Any]) -> str:
    return f"{str(change.get('path'))[1:]} {change.get('to')} instead of {change.get('from')}"


def ask_again(held: Held, request_id: str) -> Flow[PendingApproval]:
    """Asks people to let a call through once more that was approved and executed."""
    answer = yield from held.ask("POST", "/requests", {"request_id": request_id})
    pending = pending_of(answer, held.server.issuer)
    if not pending:
        raise CallFailed("server.unreadable", "the access request cannot be read")
    return pending
