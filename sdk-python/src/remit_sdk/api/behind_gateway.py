"""An API behind Remit's gateway: it lets through what a transaction token permits."""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import Callable
from typing import Any

import jwt

from ..errors import UsageError
from ..wire.problem import record_of, text_or
from .answer import ApiRefusal
from .arguments import argument_texts_of, read_arguments, same_arguments
from .exact_json import read_exact_json
from .guard import Admitted, Guard, Incoming, RemitCall, Route, TaskOfCall
from .tokens import SKEW, IssuerKeys, Misfit, Trust, Unfit, new_client, parties_of, verified
from .used_once import UsedInMemory, UsedOnce

_LIFE = 60.0
_CREDENTIAL = re.compile(r"(\S+) +(\S+)")


def behind_gateway(
    *,
    issuer: str,
    trust_domain: str,
    location: str,
    jwks_uri: str | None = None,
    used_once: UsedOnce | None = None,
    max_body_bytes: int = 1024 * 1024,
    client: Any = None,
    now: Callable[[], float] = time.time,
    on_error: Callable[[BaseException], None] = lambda _: None,
) -> Guard:
    """
    Lets through what the gateway decided: the transaction token has to hold, to be made for this API, this operation and
    exactly these arguments, and counts once for a write. Nothing is looked up anywhere but the issuer's keys.

    `trust_domain` is `REMIT_TRUST_DOMAIN` of the server; `location` the API's address at the gateway; `used_once` which
    permits were used, by default in this process: several processes have to share one. `on_error` is told what failed
    here and is answered with 5xx, and where a permit that Remit signed does not fit what is said here.
    """
    keys = IssuerKeys(issuer, jwks_uri, new_client(client, 5.0))
    trust = Trust(issuer, trust_domain, "txntoken+jwt", _LIFE, keys, now)
    return _BehindGateway(trust, location, used_once or UsedInMemory(now), max_body_bytes, on_error)


class _BehindGateway:
    def __init__(
        self,
        trust: Trust,
        location: str,
        used_once: UsedOnce,
        max_body_bytes: int,
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._trust = trust
        self._used_once = used_once
        self.identifier = location
        self.max_body_bytes = max_body_bytes
        self.failed = on_error

    async def admit(self, incoming: Incoming, route: Route) -> Admitted:
        if is_agent_credential(incoming.headers.get("authorization"), self._trust.issuer):
            detail = "this API is called through the gateway, which keeps the agent’s token"
            raise ApiRefusal("transaction.agent_token", detail)
        token = incoming.headers.get("txn-token")
        if token is None:
            raise ApiRefusal("transaction.missing", "a transaction token in `Txn-Token` is needed")
        try:
            call, expires_at = await self._read(token)
        except Unfit as error:
            if isinstance(error, Misfit):
                self.failed(UsageError(f"a transaction token does not hold: {error}"))
            detail = "the transaction token does not hold: signature, type, issuer, audience or age"
            raise ApiRefusal("transaction.invalid", detail) from None
        # INVARIANT: what the gateway sent here, and not what another service made of it.
        if len(call.via) != 1:
            raise ApiRefusal(
                "transaction.other_sender", "the token was passed on by another service"
            )
        if call.action != route.action:
            self.failed(_differs("action", route.action, call.action))
            raise ApiRefusal("transaction.other_action", "the token was made for another operation")
        body = None if incoming.text is None else read_exact_json(incoming.text)
        read = read_arguments(incoming.path, incoming.target.query, body)
        asked = route.arguments(read) if route.arguments else read.all
        if not same_arguments(call.arguments, asked):
            raise ApiRefusal(
                "transaction.other_arguments", "the token was made for other arguments"
            )
        # INVARIANT: last, so that nothing but the request itself uses a permit up.
        if route.writes and not await used(self._used_once, str(call.decision_id), expires_at):
            raise ApiRefusal("transaction.used", "the token was used for this call before")
        return Admitted(call)

    async def _read(self, token: str) -> tuple[RemitCall, float]:
        claims = await verified(token, self._trust)
        context = record_of(claims.get("tctx"))
        action, location = text_or(context.get("action")), context.get("location")
        if action is None or claims.get("scope") != action:
            raise Unfit("it names no action")
        if location != self.identifier:
            self.failed(_differs("location", self.identifier, location))
            raise ApiRefusal("transaction.other_api", "the token was made for another API")
        task = record_of(context.get("task"))
        id, purpose, txn = (
            text_or(task.get("id")),
            text_or(task.get("purpose")),
            text_or(claims.get("txn")),
        )
        via, arguments = text_or(claims.get("req_wl")), argument_texts_of(context.get("arguments"))
        if not id or not purpose or not txn or not via or arguments is None:
            raise Unfit(
                "it names no task, no decision, no service that requested it, or no arguments"
            )
        parties = parties_of(claims)
        call = RemitCall(
            action=action,
            agent=parties.chain[0],
            chain=parties.chain,
            person=parties.person,
            task=TaskOfCall(id, purpose, text_or(task.get("parent"))),
            arguments=arguments,
            decision_id=txn,
            actors=parties.actors,
            via=tuple(via.split(" ")),
        )
        return call, claims["exp"] + SKEW


async def used(used_once: UsedOnce, id: str, expires_at: float) -> bool:
    """True: it is used now. Raises `ApiRefusal` where that cannot be told."""
    try:
        answer = used_once.use(id, expires_at)
        return (await answer if inspect.isawaitable(answer) else answer) is True
    except Exception as error:
        raise ApiRefusal(
            "api.not_decided", "something failed here; nothing was done", error
        ) from error


def is_agent_credential(authorization: str | None, issuer: str) -> bool:
    """
    Whether a credential is one of Remit's for agents. Behind the gateway none arrives: the gateway keeps it. Whoever
    brings one has gone past it.
    """
    parts = _CREDENTIAL.fullmatch(authorization or "")
    if not parts:
        return False
    scheme, token = parts.groups()
    if scheme.lower() == "dpop" or token.startswith("remit_at_"):
        return True
    try:
        head = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        return False
    return head.get("typ") == "at+jwt" and claims.get("iss") == issuer


def _differs(name: str, expected: str, came: object) -> UsageError:
    """For the people who run the API: its settings and a token that Remit signed."""
    return UsageError(
        f"`{name}` here is `{expected}`, the transaction token says `{str(came)[:200]}`"
    )
