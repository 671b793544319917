"""MCP as a task, with the official client (`mcp` 2): every message is a call of the task."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from mcp.client.streamable_http import streamable_http_client

from .errors import CallFailed, Denied, RemitError, UsageError
from .httpx2 import TaskAuth
from .task.held import OnApproval
from .tasks import AsyncTask
from .wire.problem import number_or, object_of, record_of, text_or

_TIMEOUT = httpx2.Timeout(30, read=300)
"""Seconds, as the official client has them: a call may be held for people."""
_MODERN = "2026-07-28"
_NOT_PERMITTED = -32001


class TaskClient(httpx2.AsyncClient):
    """
    An HTTP client for transports of MCP. What Remit refuses at the door is an answer of MCP here: the result of a
    tool that the model understands, or an error of JSON-RPC. An exception would end the whole session.
    """

    def __init__(
        self,
        task: AsyncTask,
        *,
        resource: str | None = None,
        on_approval: OnApproval | None = None,
        **options: Any,
    ) -> None:
        auth = TaskAuth(task, resource=resource, on_approval=on_approval)
        super().__init__(
            **{"timeout": _TIMEOUT, **options, "auth": auth, "follow_redirects": False}
        )

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        try:
            return await super().send(request, **options)
        except UsageError:
            raise
        except (Denied, CallFailed) as error:
            return _answer(request, error)


@asynccontextmanager
async def task_transport(
    task: AsyncTask,
    url: str,
    *,
    resource: str | None = None,
    on_approval: OnApproval | None = None,
) -> AsyncGenerator[Any]:
    """
    A transport for the official client: `Client(task_transport(task, "https://gw.example/desk"))`. The gateway holds
    calls that people have to approve, and tells the model the rest.
    """
    async with (
        TaskClient(task, resource=resource, on_approval=on_approval) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


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


def _answer(request: httpx2.Request, error: Denied | CallFailed) -> httpx2.Response:
    """Statuses mean something to MCP itself, such as that no stream is offered; requests of JSON-RPC get an answer."""
    message = _message_of(request)
    if "id" not in message or error.status in (404, 405):
        return httpx2.Response(error.status or 502, text=str(error), request=request)
    reply = {"jsonrpc": "2.0", "id": message["id"], **_reply(request, message, error)}
    return httpx2.Response(200, json=reply, request=request)


def _reply(
    request: httpx2.Request, message: Mapping[str, Any], error: RemitError
) -> Mapping[str, Any]:
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


def _message_of(request: httpx2.Request) -> Mapping[str, Any]:
    """A request of JSON-RPC in the body; empty where there is none."""
    try:
        message = object_of(request.content) if request.method == "POST" else {}
    except httpx2.RequestNotRead:
        return {}
    return message if isinstance(message.get("id"), str | int) and "method" in message else {}
