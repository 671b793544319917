"""
MCP as a task for what builds on the official client of the first generation (`mcp` 1), such as `langchain-mcp-adapters`.
It speaks by `httpx`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from .errors import CallFailed, Denied, UsageError
from .httpx import TaskAuth
from .rpc import Said, WaitingCall, answer, said_of
from .task.held import OnApproval
from .tasks import AsyncTask

__all__ = ["Said", "TaskClient", "WaitingCall", "said_of", "task_clients"]

_TIMEOUT = httpx.Timeout(30, read=300)


class TaskClient(httpx.AsyncClient):
    """As that of `remit_sdk.mcp`."""

    def __init__(
        self,
        task: AsyncTask,
        *,
        resource: str | None = None,
        on_approval: OnApproval | None = None,
        **options: Any,
    ) -> None:
        auth = TaskAuth(task, resource=resource, on_approval=on_approval)
        super().__init__(**{**options, "auth": auth, "follow_redirects": False})

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        try:
            return await super().send(request, **options)
        except UsageError:
            raise
        except (Denied, CallFailed) as error:
            return answer(request, error, httpx.Response)


def task_clients(task: AsyncTask) -> Callable[..., httpx.AsyncClient]:
    """Makes the clients of a task: `httpx_client_factory` of the official client and of LangChain's adapters."""

    def client(
        headers: dict[str, str] | None = None,
        timeout: httpx.Timeout | None = None,
        auth: httpx.Auth | None = None,
    ) -> httpx.AsyncClient:
        if auth is not None:
            raise UsageError("the task brings its own credential")
        return TaskClient(task, headers=headers, timeout=timeout or _TIMEOUT)

    return client
