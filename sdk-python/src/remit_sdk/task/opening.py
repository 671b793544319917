"""Opening tasks: for a person, with no person present, by a ticket, by asking a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import ConsentRequired, UsageError
from ..wire.flow import Flow, Pause, Tell
from ..wire.keys import ASSERTION_TYPE, AgentIdentity, TaskKey, client_assertion
from ..wire.server import RemitServer, discover
from ..wire.signed import Signer
from ..wire.token_endpoint import ID_TOKEN, JWT_BEARER, TOKEN_EXCHANGE, request_token
from .authority import Detail, Limit, delegating, granted, json_or
from .held import Held, OnApproval

SubjectToken = str | Callable[[], "str | Awaitable[str]"]
"""
The person's token from the identity provider, given to this agent within the last ten minutes; a function where a
fresh one may be needed while people are waited for.
"""
OnConsent = Callable[[ConsentRequired], "Awaitable[None] | None"]

_FIRST_PAUSE = 2.0
_MAX_PAUSE = 15.0
_GROWTH = 1.5


@dataclass(frozen=True)
class Setting:
    """Members that every way of opening a task needs."""

    issuer: str | RemitServer
    agent: AgentIdentity
    now: Callable[[], float]
    on_approval: OnApproval = "raise"
    approval_timeout: float | None = None


@dataclass(frozen=True)
class Wish:
    """For whom a task is opened, and for what."""

    subject_token: SubjectToken | None = field(default=None, repr=False)
    subject_token_type: str = ID_TOKEN
    sponsor_grant: str | None = None
    details: Sequence[Detail] = ()
    scope: str | None = None
    require_all: bool = False
    may_delegate: Sequence[Detail] | None = None
    purpose: str | None = None
    space: str | None = None
    thread: str | None = None
    budget: Sequence[Limit] | None = None
    life_seconds: int | None = None

    def form(self) -> dict[str, str | None]:
        """The parameters that do not depend on who is asked for."""
        listed = delegating(self.details, self.may_delegate)
        return {
            "authorization_details": json_or(listed or None),
            "scope": self.scope,
            "require_all": "true" if self.require_all else None,
            "purpose": self.purpose,
            "space": self.space,
            "thread": self.thread,
            "budget": json_or(self.budget),
            "requested_lifetime": None if self.life_seconds is None else str(self.life_seconds),
        }


def opening(setting: Setting, wish: Wish, on_consent: OnConsent | None) -> Flow[Held]:
    """
    Opens a task for a person (token exchange, RFC 8693), or with no person present under a sponsor grant (client
    credentials). With `on_consent` the person is waited for. Raises `ConsentRequired`, `Denied`, `CallFailed`.
    """
    if (wish.subject_token is None) == (wish.sponsor_grant is None):
        raise UsageError("a task is opened with a `subject_token`, or with a `sponsor_grant`")
    server = yield from server_of(setting)
    told: str | None = None
    pause = _FIRST_PAUSE
    while True:
        form = yield from _wanted(wish)
        try:
            return (yield from begin(setting, server, form))
        except ConsentRequired as error:
            if on_consent is None:
                raise
            # A question that no one answered in time is asked anew, on another page.
            if told != error.interaction_uri:
                told = error.interaction_uri
                yield Tell(on_consent, (error,))
        yield Pause(pause)
        pause = min(pause * _GROWTH, _MAX_PAUSE)


def redeeming(setting: Setting, ticket: str) -> Flow[Held]:
    """Opens the child task that a ticket is for (RFC 7523). Once, within a minute of its making."""
    server = yield from server_of(setting)
    return (yield from begin(setting, server, {"grant_type": JWT_BEARER, "assertion": ticket}))


def server_of(setting: Setting) -> Flow[RemitServer]:
    if isinstance(setting.issuer, RemitServer):
        return setting.issuer
    return (yield from discover(setting.issuer))


def authentication(agent: AgentIdentity, issuer: str, now: float) -> Flow[dict[str, str]]:
    """`client_assertion` and its type."""
    if agent.assertion is not None:
        assertion = yield Tell(agent.assertion)
    else:
        assertion = client_assertion(agent, issuer, now)
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


def begin(
    setting: Setting,
    server: RemitServer,
    form: Mapping[str, str | None],
    signer: Signer | None = None,
) -> Flow[Held]:
    """A key of its own for every task, and every attempt; unless the key was bound before."""
    signer = signer or Signer(TaskKey(), setting.now)
    proof = yield from authentication(setting.agent, server.issuer, setting.now())
    answer = yield from request_token(server.token_endpoint, signer, {**form, **proof})
    return Held(
        server=server,
        signer=signer,
        now=setting.now,
        id=answer.task_id,
        token=answer.token,
        details=granted(answer.details),
        missing=granted(answer.missing),
        interaction_uri=answer.interaction_uri,
        on_approval=setting.on_approval,
        approval_timeout=setting.approval_timeout,
    )


def _wanted(wish: Wish) -> Flow[dict[str, str | None]]:
    if wish.subject_token is None:
        return {
            "grant_type": "client_credentials",
            "sponsor_grant": wish.sponsor_grant,
            **wish.form(),
        }
    token = wish.subject_token
    subject = (yield Tell(token)) if callable(token) else token
    return {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": subject,
        "subject_token_type": wish.subject_token_type,
        **wish.form(),
    }
