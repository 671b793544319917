"""Asking a person who is not here (OpenID CIBA, poll mode)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..errors import CallFailed, Denied, UsageError
from ..wire.flow import Answer, Flow, Pause, Request, Tell
from ..wire.keys import TaskKey
from ..wire.problem import number_or, object_of, text_or
from ..wire.signed import Signer
from ..wire.token_endpoint import CIBA, FORM, form_of, refusal_of
from .approval import retry_after
from .held import Held
from .opening import Setting, Wish, authentication, begin, server_of

_MAX_INTERVAL = 60.0
_SLOWER = 5.0


@dataclass(frozen=True)
class Asked:
    """A question that waits for its answer."""

    request_id: str
    """`auth_req_id`"""
    expires_in: float
    """Seconds."""


OnAsked = Callable[[Asked], "Awaitable[None] | None"]


@dataclass(frozen=True)
class Asking:
    person: str
    wish: Wish
    on_asked: OnAsked | None = None


def asking(setting: Setting, question: Asking) -> Flow[Held]:
    """Asks, then polls as often as Remit wants it. The key of the task is bound when the question is asked."""
    if question.wish.space or question.wish.thread or question.wish.budget:
        raise UsageError(
            "a task that a person is asked for has no `space`, no `thread` and no `budget`"
        )
    server = yield from server_of(setting)
    endpoint = server.backchannel_endpoint
    if endpoint is None:
        raise UsageError(
            f"`{server.issuer}` asks no one for agents: it names no backchannel_authentication_endpoint"
        )
    signer = Signer(TaskKey(), setting.now)
    proof = yield from authentication(setting.agent, server.issuer, setting.now())
    form = {"login_hint": question.person, **question.wish.form(), **proof}
    request = Request("POST", endpoint, FORM, form_of(form))
    answer: Answer = yield from signer.send(request, "POST", endpoint)
    body = object_of(answer.body)
    if not answer.ok:
        raise refusal_of(answer, body)
    request_id, expires_in = text_or(body.get("auth_req_id")), number_or(body.get("expires_in"))
    if not request_id or expires_in is None:
        raise CallFailed("server.unreadable", "the answer names no request", status=answer.status)
    interval = min(max(float(number_or(body.get("interval")) or _SLOWER), 1.0), _MAX_INTERVAL)
    if question.on_asked:
        yield Tell(question.on_asked, (Asked(request_id, expires_in),))
    ends = setting.now() + expires_in
    poll = {"grant_type": CIBA, "auth_req_id": request_id}
    while True:
        yield Pause(interval)
        try:
            return (yield from begin(setting, server, poll, signer))
        except Denied as error:
            if error.oauth_error not in ("authorization_pending", "slow_down"):
                raise
            if error.oauth_error == "slow_down":
                interval = min(interval + _SLOWER, _MAX_INTERVAL)
        except CallFailed as error:
            # Remit may be out of reach for a while: people's time does not depend on it.
            if setting.now() > ends:
                raise
            interval = max(interval, min(retry_after(error.response), _MAX_INTERVAL))
