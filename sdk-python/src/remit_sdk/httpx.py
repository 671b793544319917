"""Calls of a task with your own client of `httpx`: `httpx.Client(auth=TaskAuth(task))`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import httpx

from .auth import TaskFlow


class TaskAuth(TaskFlow, httpx.Auth):
    """Makes every request of a client of `httpx` a call of the task. Redirects must stay off, as they are by default."""

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        return super().sync_auth_flow(request)

    def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        return super().async_auth_flow(request)
