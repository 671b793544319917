"""What guards are asked and what they answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .answer import Answer
from .answers import Answering
from .arguments import ArgumentText, ReadArguments
from .target import Target, Template


@dataclass(frozen=True)
class Actor:
    """An agent of another organization: known by issuer and subject together."""

    issuer: str
    subject: str


@dataclass(frozen=True)
class Person:
    """Whom an agent acts for. Issuer and subject are those of the identity provider, and absent where people have a name for this API alone."""

    id: str
    issuer: str | None = None
    subject: str | None = None


@dataclass(frozen=True)
class TaskOfCall:
    id: str
    purpose: str
    parent: str | None = None


@dataclass(frozen=True)
class RemitCall:
    """A call that may run: who, for whom, and what."""

    action: str
    agent: str
    """The agent that acts."""
    chain: tuple[str, ...]
    """That agent, then those that stand behind it."""
    person: Person | None
    """Whom the agent acts for; nobody when it works autonomously."""
    task: TaskOfCall
    arguments: Mapping[str, ArgumentText]
    """As the catalog types them. Numbers and dates are the text that came. With `by_token`: as they stand in the request."""
    decision_id: str | None = None
    """Absent with `by_token`: nothing was decided."""
    actors: tuple[Actor, ...] = ()
    """Agents of other organizations that acted before all of those, the latest first. For the books."""
    via: tuple[str, ...] = ()
    """Behind the gateway: its address. Behind that: also those of the services that passed the call on, the latest last."""
    ext: Mapping[str, Any] = field(default_factory=dict)
    """Further claims that an administrator mapped for this API. Empty where there are none, and with `direct`."""


@dataclass(frozen=True)
class Route:
    """Operation of the API as Remit knows it."""

    method: str
    path: str
    """As the API sees it and its OpenAPI document has it, `/orders/{order_id}/refunds`."""
    action: str
    """Its name in the catalog, such as `orders.refund`."""
    arguments: Callable[[ReadArguments], Mapping[str, Any]] | None = None
    """
    The arguments, where they are not simply what stands in path, query and body: a member that the catalog does not type
    has to be left out, one that it calls differently renamed. Begin with `all`.
    """
    write: bool | None = None
    """Whether it changes anything, so that a permit counts once. Default: by the method."""
    json: bool = True
    """
    False: it answers something else than JSON, such as a stream. `direct`: where policies oblige to change what it answers,
    the call is denied before it runs. What then is no JSON is withheld after it ran.
    """
    template: Template = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "template", Template(self.path))

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD") if self.write is None else self.write


@dataclass(frozen=True)
class Incoming:
    """A request that reached an API."""

    method: str
    raw_path: str
    search: str
    target: Target
    path: Mapping[str, str]
    """Parameters of the path."""
    headers: Mapping[str, str]
    """By lower-case name; several of one name are joined by `, ` (RFC 9110 section 5.3)."""
    text: str | None
    """The body as JSON text."""
    ip: str | None = None
    certificate: str | None = None
    """The one that the client showed, as PEM, where the server tells it."""

    @property
    def full_target(self) -> str:
        return self.raw_path + (f"?{self.search}" if self.search else "")


@dataclass(frozen=True)
class Ended:
    """How a call ended. Without a status: it began, and nobody knows how far it came."""

    status: int | None = None
    amounts: Sequence[Mapping[str, str]] = ()
    """Those in the answer that the permit settles."""


async def _nothing(_: Ended) -> None:
    pass


@dataclass(frozen=True)
class Admitted:
    call: RemitCall
    ended: Callable[[Ended], Awaitable[None]] = _nothing
    """To be called when it has ended, whatever happened. Never raises."""
    answering: Answering | None = None
    """Work that has to be done with the answer; `None`: it is sent as it comes."""


@dataclass(frozen=True)
class Refused:
    answer: Answer


class Guard(Protocol):
    """Lets through what Remit permitted. `behind_gateway`, `inside_domain`, `direct` and `by_token` make one."""

    @property
    def identifier(self) -> str:
        """The API's own resource identifier."""
        ...

    @property
    def max_body_bytes(self) -> int: ...

    async def admit(self, incoming: Incoming, route: Route) -> Admitted | Refused:
        """Raises `ApiRefusal`."""
        ...

    def failed(self, error: BaseException) -> None:
        """Told what is answered with 5xx, and why."""
        ...
