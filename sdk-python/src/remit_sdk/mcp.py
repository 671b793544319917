"""MCP as a task, with the official client (`mcp` 2): every message is a call of the task."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import httpx2
from mcp.client.streamable_http import streamable_http_client

from .httpx2 import TaskAuth
from .rpc import AnsweringClient, Said, WaitingCall, said_of
from .task.held import OnApproval
from .tasks import AsyncTask

__all__ = ["Said", "TaskClient", "WaitingCall", "said_of", "task_transport"]


class TaskClient(AnsweringClient, httpx2.AsyncClient):
    library: ClassVar[Any] = httpx2
    auth_of: ClassVar[Any] = TaskAuth


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
