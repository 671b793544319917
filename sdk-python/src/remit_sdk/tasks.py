"""Tasks as agents use them: `open_task`, `redeem_ticket`, `ask_person` and their results, sync and async."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypedDict, TypeVar, Unpack

import httpx2

from .errors import CallFailed, Denied, RemitError, UsageError
from .httpx2 import TaskAuth
from .task.asking import Asking, OnAsked, asking
from .task.authority import Detail, Limit, delegating
from .task.held import Held, OnApproval
from .task.opening import OnConsent, Setting, SubjectToken, Wish, opening, redeeming
from .transport import TIMEOUT, is_network_error, run, run_async, unreachable
from .wire.flow import Flow
from .wire.keys import AgentIdentity
from .wire.problem import text_or
from .wire.server import RemitServer

T = TypeVar("T")

_ENDED = frozenset({"task.closed", "task.already_closed", "token.expired"})
"""Someone else was quicker, or the deadline."""


class Base(TypedDict, total=False):
    """Members that every way of opening a task has."""

    on_approval: OnApproval
    """What happens where people have to approve a call: `raise` (the default), `wait`, or a function that tells somebody."""
    approval_timeout: float
    """How long calls wait for people, in seconds. Default: until the request expires."""
    client: Any
    """Client of `httpx2` or `httpx` that the task's requests go through. Default: one of its own, closed with the task."""
    now: Callable[[], float]
    """Epoch seconds."""


class Detailed(TypedDict, total=False):
    """What a task may do, and for how long."""

    details: Sequence[Detail]
    """These actions of these resources, within these bounds."""
    may_delegate: Sequence[Detail]
    """Details that children may be given at most. Default: the same as the details."""
    purpose: str
    """Shown to people and recorded; required where a person is represented."""
    life_seconds: int
    """Until the deadline. Default one hour, at most a day."""


class Wished(Detailed, total=False):
    """The same, without bounds where that is enough."""

    scope: str
    """Action names, separated by spaces: each without bounds."""


class ChildWish(Detailed, total=False):
    """What a child is wanted for, and its authority: no more than this task may hand on, and never longer."""

    space: str
    """A space below that of this task; else where this task is."""
    budget: Sequence[Limit]


class Authority(Wished, total=False):
    """The same, and where it belongs."""

    space: str
    """The space that it is for."""
    thread: str
    """The thread there, as the surface of the space names it."""
    budget: Sequence[Limit]


class Opening(Base, Authority, total=False):
    subject_token: SubjectToken
    """The person's token from the identity provider. Without it the task is autonomous, and needs `sponsor_grant`."""
    subject_token_type: str
    require_all: bool
    """Less than all of it is worth nothing: the person is asked for what is missing. Default: see `missing` of the task."""
    sponsor_grant: str
    """`spg_…`: under which a task is opened with no person present. Its purpose is the grant's."""
    on_consent: OnConsent
    """Told where the person says yes, once for each page; then the opening is repeated until they have."""


class _Shared:
    """What tasks of both kinds know."""

    is_async = False

    def __init__(self, held: Held, client: Any, owned: bool) -> None:
        self._held = held
        self._client = client
        self._owned = owned
        self.id = held.id
        """`tsk_…`"""
        self.details = held.details
        """Details that were granted, which may be less than what was asked for."""
        self.missing = held.missing
        """Details that were asked for and not granted."""
        self.interaction_uri = held.interaction_uri
        """Page on which the person can allow what is missing; `None`: there is none."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    def _run(self, flow: Flow[T]) -> T:
        raise UsageError("this task is an `AsyncTask`: use the `…_async` method")

    async def _run_async(self, flow: Flow[T]) -> T:
        raise UsageError("this task is a `Task`: use the method without `_async`")

    def _child(self, agent: str, wish: ChildWish) -> Flow[str]:
        _require_known(wish, frozenset(ChildWish.__annotations__))
        body = {
            "agent": agent,
            "purpose": wish.get("purpose"),
            "authorization_details": delegating(wish.get("details", ()), wish.get("may_delegate")),
            "budget": wish.get("budget"),
            "space": wish.get("space"),
            "requested_lifetime": wish.get("life_seconds"),
        }
        present = {name: value for name, value in body.items() if value is not None}
        answer = yield from self._held.ask("POST", "/children", present)
        ticket = text_or(answer.get("ticket"))
        if not ticket:
            raise CallFailed("server.unreadable", "there is no ticket in the answer")
        return ticket

    def _close(self) -> Flow[None]:
        if self._held.closed:
            return
        try:
            yield from self._held.ask("DELETE", "")
        except Denied as error:
            if error.code not in _ENDED:
                raise
        self._held.closed = True


class Task(_Shared):
    """
    One piece of delegated work, open until it is closed. Its key is made for it and leaves the process with it.
    Get one from `open_task` or `redeem_ticket`, and let `with` close it.
    """

    def request(
        self,
        method: str,
        url: str,
        *,
        resource: str | None = None,
        on_approval: OnApproval | None = None,
        **options: Any,
    ) -> httpx2.Response:
        """
        A call as this task: options and answer are those of `httpx2` (of the task's client). A nonce that is asked for,
        and a token that is not accepted any more, cost one more request and nobody notices. Redirects are not followed.
        Raises `ApprovalRequired` unless `on_approval` says to wait, `AlreadyExecuted`, `Denied`, `CallFailed`, `UsageError`.
        """
        self._held.require_open()
        auth = self.auth(resource=resource, on_approval=on_approval)
        try:
            return self._client.request(  # type: ignore[no-any-return]  # as the client has it
                method, url, auth=auth, **{**options, "follow_redirects": False}
            )
        except Exception as error:
            if is_network_error(error):
                raise unreachable(url, error, auth.effect) from error
            raise

    def get(self, url: str, **options: Any) -> httpx2.Response:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> httpx2.Response:
        return self.request("POST", url, **options)

    def auth(self, **options: Any) -> TaskAuth:
        """For a client of yours: `httpx2.Client(auth=task.auth())`. For `httpx` and `requests`: `remit_sdk.httpx`, `.requests`."""
        return _auth_for(self, self._client, options)

    def child(self, agent: str, **wish: Unpack[ChildWish]) -> str:
        """
        A ticket with which another agent opens a task below this one: once, within a minute. Hand it over; it is no
        secret that helps anyone else. Raises `Denied` (`task.beyond_parent` and the like).
        """
        return self._run(self._child(agent, wish))

    def close(self) -> None:
        """
        Ends the task and everything below it, for good. When it has returned, no replica of Remit permits any more. It can be
        called again where it failed.
        """
        self._run(self._close())
        if self._owned:
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            self.close()
        except RemitError as failure:
            if error is None:
                raise
            error.add_note(f"and the task could not be closed: {failure}")

    def _run(self, flow: Flow[T]) -> T:
        return run(flow, self._client)


class AsyncTask(_Shared):
    """As `Task`, for `async`. Get one from `open_async_task` or `redeem_async_ticket`, and let `async with` close it."""

    is_async = True

    async def request(
        self,
        method: str,
        url: str,
        *,
        resource: str | None = None,
        on_approval: OnApproval | None = None,
        **options: Any,
    ) -> httpx2.Response:
        """As `Task.request`."""
        self._held.require_open()
        auth = self.auth(resource=resource, on_approval=on_approval)
        try:
            return await self._client.request(  # type: ignore[no-any-return]  # as the client has it
                method, url, auth=auth, **{**options, "follow_redirects": False}
            )
        except Exception as error:
            if is_network_error(error):
                raise unreachable(url, error, auth.effect) from error
            raise

    async def get(self, url: str, **options: Any) -> httpx2.Response:
        return await self.request("GET", url, **options)

    async def post(self, url: str, **options: Any) -> httpx2.Response:
        return await self.request("POST", url, **options)

    def auth(self, **options: Any) -> TaskAuth:
        """For a client of yours: `httpx2.AsyncClient(auth=task.auth())`."""
        return _auth_for(self, self._client, options)

    async def child(self, agent: str, **wish: Unpack[ChildWish]) -> str:
        """As `Task.child`."""
        return await self._run_async(self._child(agent, wish))

    async def close(self) -> None:
        """As `Task.close`."""
        await self._run_async(self._close())
        if self._owned:
            await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            await self.close()
        except RemitError as failure:
            if error is None:
                raise
            error.add_note(f"and the task could not be closed: {failure}")

    async def _run_async(self, flow: Flow[T]) -> T:
        return await run_async(flow, self._client)


def _auth_for(task: Task | AsyncTask, client: Any, options: Mapping[str, Any]) -> TaskAuth:
    """Clients compare with their own library's class."""
    if not any(each.__module__.split(".")[0] == "httpx" for each in type(client).__mro__):
        return TaskAuth(task, **options)
    from .httpx import TaskAuth as OlderAuth

    return OlderAuth(task, **options)  # type: ignore[return-value]  # for the client of the older library


def open_task(
    issuer: str | RemitServer, agent: AgentIdentity, **opening_of: Unpack[Opening]
) -> Task:
    """
    Opens a task: for a person (`subject_token`), or with no person present (`sponsor_grant`). `issuer` is Remit's, or what
    `discover` answered for it: then the server is not asked each time.
    Raises `ConsentRequired` unless `on_consent` is given, `Denied`, `CallFailed`, `UsageError`.
    """
    setting, wish = _setting(issuer, agent, opening_of), _wish(opening_of)
    return _begin(opening(setting, wish, opening_of.get("on_consent")), opening_of)


async def open_async_task(
    issuer: str | RemitServer, agent: AgentIdentity, **opening_of: Unpack[Opening]
) -> AsyncTask:
    """As `open_task`: `async with await open_async_task(…) as task`."""
    setting, wish = _setting(issuer, agent, opening_of), _wish(opening_of)
    return await _begin_async(opening(setting, wish, opening_of.get("on_consent")), opening_of)


def redeem_ticket(
    issuer: str | RemitServer, agent: AgentIdentity, ticket: str, **base: Unpack[Base]
) -> Task:
    """Opens the child task that a ticket is for (RFC 7523). Raises `Denied`, `CallFailed`."""
    return _begin(redeeming(_setting(issuer, agent, base), ticket), base)


async def redeem_async_ticket(
    issuer: str | RemitServer, agent: AgentIdentity, ticket: str, **base: Unpack[Base]
) -> AsyncTask:
    """As `redeem_ticket`."""
    return await _begin_async(redeeming(_setting(issuer, agent, base), ticket), base)


class Question(Base, Wished, total=False):
    on_asked: OnAsked
    """Told once where the person answers; nothing else reaches them but Remit's own page."""


def ask_person(
    issuer: str | RemitServer, agent: AgentIdentity, person: str, **question: Unpack[Question]
) -> Task:
    """
    Opens a task for a person who is not here: Remit asks them, on their page (OpenID CIBA). `person` is their id or
    e-mail address. Waits until they have answered. Raises `Denied` (`access_denied`, `expired_token`), `CallFailed`.
    """
    asked = Asking(person, _wish(question), question.get("on_asked"))
    return _begin(asking(_setting(issuer, agent, question), asked), question)


async def ask_person_async(
    issuer: str | RemitServer, agent: AgentIdentity, person: str, **question: Unpack[Question]
) -> AsyncTask:
    """As `ask_person`."""
    asked = Asking(person, _wish(question), question.get("on_asked"))
    return await _begin_async(asking(_setting(issuer, agent, question), asked), question)


def _begin(flow: Flow[Held], base: Mapping[str, Any]) -> Task:
    given = base.get("client")
    client = given or httpx2.Client(timeout=TIMEOUT)
    try:
        return Task(run(flow, client), client, owned=given is None)
    except BaseException:
        if given is None:
            client.close()
        raise


async def _begin_async(flow: Flow[Held], base: Mapping[str, Any]) -> AsyncTask:
    given = base.get("client")
    client = given or httpx2.AsyncClient(timeout=TIMEOUT)
    try:
        return AsyncTask(await run_async(flow, client), client, owned=given is None)
    except BaseException:
        if given is None:
            await client.aclose()
        raise


def _setting(issuer: str | RemitServer, agent: AgentIdentity, base: Mapping[str, Any]) -> Setting:
    return Setting(
        issuer,
        agent,
        now=base.get("now") or time.time,
        on_approval=base.get("on_approval", "raise"),
        approval_timeout=base.get("approval_timeout"),
    )


_OF_WISHES = frozenset(Wish.__dataclass_fields__)


def _wish(given: Mapping[str, Any]) -> Wish:
    _require_known(given, _OF_WISHES | _OF_OTHERS)
    return Wish(**{name: value for name, value in given.items() if name in _OF_WISHES})


_OF_OTHERS = frozenset(
    {"on_approval", "approval_timeout", "client", "now", "on_consent", "on_asked"}
)


def _require_known(given: Mapping[str, Any], known: frozenset[str]) -> None:
    """Nothing that somebody meant to limit a task with is passed over."""
    unknown = set(given) - known
    if unknown:
        raise UsageError(f"a task knows no {', '.join(sorted(unknown))} here")
