"""Steps of a conversation with Remit. Conversations are generators that yield them, so that sync and async code share one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

MAX_ANSWER_BYTES = 1024 * 1024
"""How much is read of an answer that is Remit's word."""


@dataclass(frozen=True)
class Request:
    """A request of the package itself; the next value is an `Answer`."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Attempt:
    """The caller's own request, to be sent with these headers beside its own; the next value is an `Answer`."""

    headers: Mapping[str, str]


@dataclass(frozen=True)
class Pause:
    """So many seconds of waiting."""

    seconds: float


@dataclass(frozen=True)
class Tell:
    """A function of the caller's to be called, and awaited if it answers an awaitable; the next value is its result."""

    function: Callable[..., Any]
    arguments: tuple[object, ...] = ()


Step = Request | Attempt | Pause | Tell
T = TypeVar("T")
Flow = Generator[Step, Any, T]


@dataclass(frozen=True)
class Answer:
    """An answer as far as the package needs it."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes = b""
    """Empty where nobody but the caller reads it."""
    response: Any = None
    """As the HTTP library has it."""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


def is_plain(headers: Mapping[str, str]) -> bool:
    """Whether a body is as it was sent: what is compressed could grow without bounds."""
    return headers.get("content-encoding", "identity").lower() == "identity"
