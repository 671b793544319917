"""Runs flows over clients of `httpx2`, or of `httpx`, which look the same."""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

import anyio

from .errors import CallFailed, RemitError, UsageError
from .wire.address import target_of
from .wire.flow import MAX_ANSWER_BYTES, Answer, Flow, Pause, Request, Step, Tell, is_plain

T = TypeVar("T")

TIMEOUT = 30.0
"""Seconds, of requests of the package itself."""


class Conversation(Generic[T]):
    """A flow under way. What fails on a step of the package's own is told the flow, which may know what to do."""

    def __init__(self, flow: Flow[T]) -> None:
        self._flow = flow
        self.step: Step | None = None
        """What is to be done next; `None` at the end."""
        self._result: T | None = None
        self._move(lambda: next(flow))

    @property
    def result(self) -> T:
        return cast("T", self._result)

    def go_on(self, value: object) -> None:
        self._move(lambda: self._flow.send(value))

    def perform(self, client: Any) -> None:
        """Does a step of the package's own."""
        try:
            value = _perform(self.step, client)
        except RemitError as error:
            self._fail(error)
        else:
            self.go_on(value)

    async def perform_async(self, client: Any) -> None:
        """As `perform`, with an asynchronous client."""
        try:
            value = await _perform_async(self.step, client)
        except RemitError as error:
            self._fail(error)
        else:
            self.go_on(value)

    def _fail(self, error: RemitError) -> None:
        self._move(lambda: self._flow.throw(error))

    def _move(self, move: Callable[[], Step]) -> None:
        try:
            self.step = move()
        except StopIteration as end:
            self.step, self._result = None, end.value


def run(flow: Flow[T], client: Any) -> T:
    """Runs a flow to its end with a synchronous client. Raises what the flow raises, and `CallFailed`."""
    conversation = Conversation(flow)
    while conversation.step is not None:
        conversation.perform(client)
    return conversation.result


async def run_async(flow: Flow[T], client: Any) -> T:
    """As `run`, with an asynchronous client."""
    conversation = Conversation(flow)
    while conversation.step is not None:
        await conversation.perform_async(client)
    return conversation.result


def _perform(step: Step | None, client: Any) -> object:
    match step:
        case Request():
            return _send(step, client)
        case Pause(seconds):
            time.sleep(seconds)
            return None
        case Tell():
            return told(step)
        case _:
            raise UsageError("there is no call to be made here")


async def _perform_async(step: Step | None, client: Any) -> object:
    match step:
        case Request():
            return await _send_async(step, client)
        case Pause(seconds):
            await anyio.sleep(seconds)
            return None
        case Tell():
            return await told_async(step)
        case _:
            raise UsageError("there is no call to be made here")


def told(step: Tell) -> object:
    """Calls a function of the caller's. Raises `UsageError` for one that has to be awaited."""
    value = step.function(*step.arguments)
    if inspect.iscoroutine(value):
        value.close()
    if inspect.isawaitable(value):
        raise UsageError(
            "a coroutine cannot be awaited here: give a plain function, or use an `AsyncTask`"
        )
    return value


async def told_async(step: Tell) -> object:
    value = step.function(*step.arguments)
    return await value if inspect.isawaitable(value) else value


def headers_of(response: Any) -> dict[str, str]:
    """By lower-case name; several of one name are joined by `, `."""
    return {name.lower(): value for name, value in response.headers.items()}


def unreachable(url: str, error: BaseException, effect: Any = "none") -> CallFailed:
    why = str(error) or type(error).__name__
    return CallFailed(
        "server.unreachable", f"no answer came from `{target_of(url)}`: {why}", effect
    )


def is_network_error(error: BaseException) -> bool:
    """Whether the network failed, as `httpx` or `httpx2` say it."""
    return any(
        each.__name__ == "TransportError" and each.__module__.split(".")[0] in ("httpx", "httpx2")
        for each in type(error).__mro__
    )


def built(step: Request, client: Any) -> Any:
    headers = {**step.headers, "accept-encoding": "identity"}
    return client.build_request(step.method, step.url, headers=headers, content=step.body)


def _send(step: Request, client: Any) -> Answer:
    try:
        # A redirect would carry the credential to where it was not meant for.
        response = client.send(built(step, client), stream=True, auth=None, follow_redirects=False)
        try:
            return read(response)
        finally:
            response.close()
    except Exception as error:
        if is_network_error(error):
            raise unreachable(step.url, error) from error
        raise


async def _send_async(step: Request, client: Any) -> Answer:
    try:
        sent = built(step, client)
        response = await client.send(sent, stream=True, auth=None, follow_redirects=False)
        try:
            return await read_async(response)
        finally:
            await response.aclose()
    except Exception as error:
        if is_network_error(error):
            raise unreachable(step.url, error) from error
        raise


def read(response: Any) -> Answer:
    """The answer with its body, which is bounded; empty where it is compressed. Raises `CallFailed`."""
    headers = headers_of(response)
    bound(response)
    body = response.read() if is_plain(headers) else b""
    return _answer(response, headers, body)


async def read_async(response: Any) -> Answer:
    """As `read`."""
    headers = headers_of(response)
    bound(response)
    body = await response.aread() if is_plain(headers) else b""
    return _answer(response, headers, body)


def _answer(response: Any, headers: dict[str, str], body: bytes) -> Answer:
    # One that was there as a whole did not pass the stream.
    if len(body) > MAX_ANSWER_BYTES:
        raise _too_large(str(response.url))
    return Answer(response.status_code, headers, body, response)


def bound(response: Any) -> None:
    """Ends the answer with an error where it is larger than may be read."""
    library = sys.modules[type(response).__module__.split(".")[0]]
    response.stream = _bounded_class(library)(response.stream, str(response.url))


@lru_cache
def _bounded_class(library: Any) -> Any:
    """A class for each library: clients look at what streams are."""

    class Bounded(library.SyncByteStream, library.AsyncByteStream):  # type: ignore[misc]  # known at run time
        def __init__(self, stream: Any, url: str) -> None:
            self._stream = stream
            self._url = url

        def __iter__(self) -> Iterator[bytes]:
            size = 0
            for part in self._stream:
                size = self._counted(size, part)
                yield part

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for part in self._stream:
                size = self._counted(size, part)
                yield part

        def _counted(self, size: int, part: bytes) -> int:
            if size + len(part) > MAX_ANSWER_BYTES:
                raise _too_large(self._url)
            return size + len(part)

        def close(self) -> None:
            self._stream.close()

        async def aclose(self) -> None:
            await self._stream.aclose()

    return Bounded


def _too_large(url: str) -> CallFailed:
    return CallFailed("server.unreadable", f"`{target_of(url)}` answered more than can be read")
