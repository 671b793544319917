"""Answers of MCP for what Remit refuses at the door, and what it says beside the results of tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from .errors import CallFailed, Denied, RemitError, UsageError
from .task.held import OnApproval
from .tasks import AsyncTask
from .wire.problem import number_or, object_of, record_of, text_or

_MODERN = "2026-07-28"
_NOT_PERMITTED = -32001
R = TypeVar("R")


@dataclass(frozen=True)
class WaitingCall:
    """A call of a tool that people have to approve. The same call, made again, is executed once they have."""

    id: str
    """`req_…`"""
    status: str
    page: str
    """Where people answer. Show it to someone who may."""


@dataclass(frozen=True)
class Said:
    """What Remit says beside the result of a tool."""

    decision_id: str | None
    """`dec_…`: `remit decisions explain` says why."""
    approval: WaitingCall | None
    """Present: nothing was executed, and people are asked."""
    told_again: bool
    """True: the call was executed before, and this is its result of then."""
    retry_after: float | None
    """In so many seconds the same call fits its limits again."""


def said_of(result: Any) -> Said:
    """Reads what Remit says beside the result of a tool (`_meta`). No server behind the gateway can say it."""
    meta = record_of(getattr(result, "meta", None))
    told = record_of(meta.get("remit/approval"))
    id, page = text_or(told.get("id")), text_or(told.get("url"))
    waiting = WaitingCall(id, str(told.get("status")), page) if id and page else None
    later = number_or(meta.get("remit/retry-after"))
    return Said(
        text_or(meta.get("remit/decision")), waiting, meta.get("remit/told-again") is True, later
    )


class AnsweringClient:
    """
    An HTTP client for transports of MCP, in front of an `AsyncClient`. What Remit refuses at the door is an answer of MCP
    here: the result of a tool that the model understands, or an error of JSON-RPC. An exception would end the whole session.
    """

    library: ClassVar[Any]
    """`httpx2` or `httpx`."""
    auth_of: ClassVar[Any]
    """`TaskAuth` for that library."""

    def __init__(
        self,
        task: AsyncTask,
        *,
        resource: str | None = None,
        on_approval: OnApproval | None = None,
        **options: Any,
    ) -> None:
        auth = type(self).auth_of(task, resource=resource, on_approval=on_approval)
        # Seconds, as the official client has them: a call may be held for people.
        options.setdefault("timeout", self.library.Timeout(30, read=300))
        super().__init__(**{**options, "auth": auth, "follow_redirects": False})

    async def send(self, request: Any, **options: Any) -> Any:
        try:
            return await super().send(request, **options)  # type: ignore[misc]  # that of the library
        except UsageError:
            raise
        except (Denied, CallFailed) as error:
            return answer(request, error, self.library.Response)


def answer(request: Any, error: Denied | CallFailed, response: Callable[..., R]) -> R:
    """Statuses mean something to MCP itself, such as that no stream is offered; requests of JSON-RPC get an answer."""
    message = _message_of(request)
    if "id" not in message or error.status in (404, 405):
        return response(error.status or 502, text=str(error), request=request)
    reply = {"jsonrpc": "2.0", "id": message["id"], **_reply(request, message, error)}
    return response(200, json=reply, request=request)


def _reply(request: Any, message: Mapping[str, Any], error: RemitError) -> Mapping[str, Any]:
    modern = request.headers.get("mcp-protocol-version", "") >= _MODERN
    decision = getattr(error, "decision_id", None)
    meta = {"remit/decision": decision} if decision else {}
    if message.get("method") == "tools/call":
        content = [{"type": "text", "text": error.for_model()}]
        kind = {"resultType": "complete"} if modern else {}
        return {"result": {**kind, "content": content, "isError": True, "_meta": meta}}
    # The newer revision keeps the older code for itself.
    code = 403 if modern else _NOT_PERMITTED
    return {"error": {"code": code, "message": str(error), "data": {"code": error.code, **meta}}}


def _message_of(request: Any) -> Mapping[str, Any]:
    """A request of JSON-RPC in the body; empty where there is none."""
    try:
        message = object_of(request.content) if request.method == "POST" else {}
    except RuntimeError:  # `RequestNotRead`
        return {}
    return message if isinstance(message.get("id"), str | int) and "method" in message else {}
