"""MCP as a task, with the official client (`mcp` 2): every message is a call of the task."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client.streamable_http import streamable_http_client

from .errors import CallFailed, Denied, UsageError
from .httpx2 import TaskAuth
from .rpc import Said, WaitingCall, answer, said_of
from .task.held import OnApproval
from .tasks import AsyncTask

_TIMEOUT = httpx2.Timeout(30, read=300)
"""Seconds, as the official client has them: a call may be held for people."""

__all__ = ["Said", "TaskClient", "WaitingCall", "said_of", "task_transport"]


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
            return answer(request, error, httpx2.Response)


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
