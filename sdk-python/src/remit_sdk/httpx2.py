"""Calls of a task with your own client of `httpx2`: `httpx2.Client(auth=TaskAuth(task))`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator

import httpx2

from .auth import TaskFlow


class TaskAuth(TaskFlow, httpx2.Auth):
    """Makes every request of a client of `httpx2` a call of the task. Redirects must stay off, as they are by default."""

    def sync_auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        return super().sync_auth_flow(request)

    def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        return super().async_auth_flow(request)
