"""
MCP as a task for what builds on the official client of the first generation (`mcp` 1), such as `langchain-mcp-adapters`.
It speaks by `httpx`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import httpx

from .errors import UsageError
from .httpx import TaskAuth
from .rpc import AnsweringClient, Said, WaitingCall, said_of
from .tasks import AsyncTask

__all__ = ["Said", "TaskClient", "WaitingCall", "said_of", "task_clients"]


class TaskClient(AnsweringClient, httpx.AsyncClient):
    library: ClassVar[Any] = httpx
    auth_of: ClassVar[Any] = TaskAuth


def task_clients(task: AsyncTask) -> Callable[..., httpx.AsyncClient]:
    """Makes the clients of a task: `httpx_client_factory` of the official client and of LangChain's adapters."""

    def client(
        headers: dict[str, str] | None = None,
        timeout: httpx.Timeout | None = None,
        auth: httpx.Auth | None = None,
    ) -> httpx.AsyncClient:
        if auth is not None:
            raise UsageError("the task brings its own credential")
        given: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
        return TaskClient(task, headers=headers, **given)

    return client
