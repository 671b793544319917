"""Authentication of calls for `httpx` and `httpx2`: one mixin, of which `httpx.py` and `httpx2.py` make a class each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import TYPE_CHECKING, Any, ClassVar

import anyio
import anyio.to_thread

from .errors import Effect, UsageError
from .task.calling import Call, calling
from .task.held import OnApproval
from .transport import Conversation, bound, headers_of, read, read_async
from .wire.flow import Answer, Attempt, Flow

if TYPE_CHECKING:
    from .tasks import AsyncTask, Task


class TaskFlow:
    """
    Every request of a client is a call of the task: with a token for the resource that the address belongs to and a
    fresh proof for every attempt. What Remit refuses is raised. Nothing is locked while a request is out.
    """

    requires_request_body: ClassVar[bool] = False
    requires_response_body: ClassVar[bool] = False

    def __init__(
        self,
        task: Task | AsyncTask,
        *,
        resource: str | None = None,
        on_approval: OnApproval | None = None,
    ) -> None:
        self._task = task
        self._resource = resource
        self._on_approval = on_approval
        self.effect: Effect = "none"
        """Effect that the call may have had when the network fails; for an object that is used for one call."""

    def _flow(self, request: Any) -> Flow[Answer]:
        call = Call(
            method=request.method,
            url=str(request.url.copy_with(fragment=None)),
            resource=self._resource,
            on_approval=self._on_approval,
            run=self._task._run,
            run_async=self._task._run_async,
        )
        return calling(self._task._held, call)

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        if self._task.is_async:
            raise UsageError("an `AsyncTask` needs an asynchronous client")
        call = Conversation(self._flow(request))
        attempts = 0
        while call.step is not None:
            if isinstance(call.step, Attempt):
                self._prepare(request, call.step, attempts)
                attempts += 1
                response = yield request
                unread = self._unread(request, response)
                call.go_on(read(response) if _is_own(response) else unread)
            else:
                self.effect = "none"
                call.perform(self._task._client)

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        call = Conversation(self._flow(request))
        attempts = 0
        while call.step is not None:
            if isinstance(call.step, Attempt):
                self._prepare(request, call.step, attempts)
                attempts += 1
                response = yield request
                unread = self._unread(request, response)
                call.go_on(await read_async(response) if _is_own(response) else unread)
            elif self._task.is_async:
                self.effect = "none"
                await call.perform_async(self._task._client)
            else:
                self.effect = "none"
                await anyio.to_thread.run_sync(call.perform, self._task._client)

    def _prepare(self, request: Any, step: Attempt, attempts: int) -> None:
        if attempts > 0:
            _require_repeatable(request)
        # Of an earlier attempt, or of the request that this one follows.
        request.headers.pop("dpop", None)
        if request.headers.get("authorization", "").lower().startswith("dpop "):
            del request.headers["authorization"]
        request.headers.update(step.headers)
        self.effect = "unknown"

    @staticmethod
    def _unread(request: Any, response: Any) -> Answer:
        if response.request is not request:
            raise UsageError(
                "a redirect was followed with the task's proof: make the client with `follow_redirects=False`"
            )
        if response.status_code == 401:
            # The client reads it before it repeats a request.
            bound(response)
        return Answer(response.status_code, headers_of(response), b"", response)


def _is_own(response: Any) -> bool:
    """Whether the package has to read the answer before the caller does."""
    return bool(response.status_code >= 400 and response.headers.get("remit-answer") == "own")


def _require_repeatable(request: Any) -> None:
    """Files of forms are read from their beginning each time; other streams are gone once they were read."""
    if type(request.stream).__name__ == "MultipartStream":
        return
    try:
        _ = request.content
    except RuntimeError:  # `RequestNotRead`
        raise UsageError(
            f"the call to `{request.url}` has to be made again, and its body is a stream that was read: give it as bytes"
        ) from None
