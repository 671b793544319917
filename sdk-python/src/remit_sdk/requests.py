"""Calls of a task with `requests`: `session.auth = TaskAuth(task)`."""

from __future__ import annotations

from typing import Any

import requests
import requests.auth
from requests.cookies import extract_cookies_to_jar

from .errors import UsageError
from .task.calling import Call, calling
from .task.held import OnApproval
from .tasks import Task
from .transport import Conversation
from .wire.flow import MAX_ANSWER_BYTES, Answer, Attempt, Flow, is_plain


class TaskAuth(requests.auth.AuthBase):
    """
    Makes every request of a session a call of the task. What Remit refuses is raised. A redirect is followed
    without the task's credential.
    """

    def __init__(
        self, task: Task, *, resource: str | None = None, on_approval: OnApproval | None = None
    ) -> None:
        self._task = task
        self._resource = resource
        self._on_approval = on_approval

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        task = self._task
        url = (request.url or "").partition("#")[0]
        call = Call(
            method=request.method or "GET",
            url=url,
            resource=self._resource,
            on_approval=self._on_approval,
            run=task._run,
            run_async=task._run_async,
        )
        attempts = _Attempts(task, calling(task._held, call), request)
        attempts.begin()
        hooked: Any = request
        hooked.register_hook("response", attempts.go_on)
        return request


class _Attempts:
    """One request of the caller's, as often as it is sent."""

    def __init__(self, task: Task, flow: Flow[Answer], request: requests.PreparedRequest) -> None:
        self._task = task
        self._call = Conversation(flow)
        self._first = request
        self._sent = request
        self._start = _position(request.body)

    def begin(self) -> None:
        step = self._advance()
        if step is not None:
            self._sign(self._first, step)

    def go_on(self, response: requests.Response, **options: Any) -> requests.Response:
        """Hook of `requests`: the answer, after as many repetitions as it takes."""
        # What follows a redirect is no attempt of ours, and carries nothing of ours.
        while response.request is self._sent:
            self._call.go_on(_read(response))
            step = self._advance()
            if step is None:
                break
            _discard(response)
            response = self._again(response, step, options)
        # `requests` makes the request that follows a redirect from the first one.
        for request in (self._first, response.request):
            self._sign(request, Attempt({}))
        return response

    def _again(
        self, before: requests.Response, step: Attempt, options: dict[str, Any]
    ) -> requests.Response:
        request = before.request.copy()
        self._rewind(request)
        self._sign(request, step)
        jar: Any = request._cookies  # type: ignore[attr-defined]  # as `HTTPDigestAuth` of `requests`
        extracting: Any = extract_cookies_to_jar
        extracting(jar, before.request, before.raw)
        request.prepare_cookies(jar)
        self._sent = request
        connection: Any = before.connection
        response: requests.Response = connection.send(request, **options)
        response.history = [*before.history, before]
        response.request = request
        return response

    def _rewind(self, request: requests.PreparedRequest) -> None:
        body: Any = request.body
        if body is None or isinstance(body, str | bytes):
            return
        if self._start is None:
            raise UsageError(
                f"the call to `{request.url}` has to be made again, and its body is a stream that was read: give it as bytes"
            )
        body.seek(self._start)

    def _sign(self, request: requests.PreparedRequest, step: Attempt) -> None:
        request.headers.pop("DPoP", None)
        if str(request.headers.get("Authorization", "")).lower().startswith("dpop "):
            del request.headers["Authorization"]
        request.headers.update(step.headers)

    def _advance(self) -> Attempt | None:
        """The next attempt. `None`: the answer that was given is the caller's."""
        call = self._call
        while call.step is not None and not isinstance(call.step, Attempt):
            call.perform(self._task._client)
        return call.step


def _read(response: requests.Response) -> Answer:
    """The answer, with its body where it is Remit's word."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    own = response.status_code >= 400 and headers.get("remit-answer") == "own"
    body: bytes = response.raw.read(MAX_ANSWER_BYTES) if own and is_plain(headers) else b""
    return Answer(response.status_code, headers, body, response)


def _discard(response: requests.Response) -> None:
    """Lets the connection go: what is left of a refusal is nobody's."""
    response.raw.read(MAX_ANSWER_BYTES)
    response.close()


def _position(body: Any) -> int | None:
    try:
        position = body.tell()
    except (AttributeError, OSError):
        return None
    return position if isinstance(position, int) else None
