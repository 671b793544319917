"""Guards that let through what a transaction token permits: behind the gateway, and behind that."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import jwt

from ..errors import UsageError
from ..wire.problem import record_of, text_or
from .answer import ApiRefusal
from .arguments import (
    ArgumentText,
    ReadArguments,
    argument_texts_of,
    part_of_arguments,
    same_arguments,
)
from .guard import Admitted, Guard, Incoming, RemitCall, Route, TaskOfCall
from .local import LocalGuard, LocalOptions, arguments_of
from .tokens import SKEW, Unfit, parties_of

_CREDENTIAL = re.compile(r"(\S+) +(\S+)")


def behind_gateway(
    *, issuer: str, trust_domain: str, location: str, **options: Unpack[LocalOptions]
) -> Guard:
    """
    Lets through what the gateway decided: the transaction token has to hold, to be made for this API, this operation and
    exactly these arguments, and counts once for a write. Nothing is looked up anywhere but the issuer's keys.

    `trust_domain` is `REMIT_TRUST_DOMAIN` of the server; `location` the API's address at the gateway.
    """
    return _BehindGateway(issuer, trust_domain, [location], options)


def inside_domain(
    *,
    issuer: str,
    trust_domain: str,
    locations: Sequence[str],
    senders: Sequence[str] | None = None,
    **options: Unpack[LocalOptions],
) -> Guard:
    """
    A service that other services call, somewhere behind the gateway. Lets through what belongs to a call that Remit permitted,
    without asking anybody: the transaction token has to hold, to be of one of these APIs, and of the operation that the route
    names (`action`, of the permitted call). Where the route says `arguments`, what it reads has to be what was permitted;
    what it does not say is not compared. One call may take several requests here, each of them once.

    `locations` are the APIs behind the gateway whose calls it works on, by their resource identifiers; `senders` the services
    that may pass a call on to it, by theirs: the last one that the token names. Default: whoever has the token, also one
    that was passed on unchanged.
    """
    return _InsideDomain(issuer, trust_domain, locations, options, senders)


class _Transactions(LocalGuard):
    token = "transaction token"
    type = "txntoken+jwt"
    refused = "transaction.invalid"
    life = 60.0
    most = 1024 * 1024
    to_agents: str
    """What an agent is told that comes with a token of its own."""

    def __init__(
        self, issuer: str, trust_domain: str, locations: Sequence[str], options: LocalOptions
    ) -> None:
        if isinstance(locations, str) or not locations:
            raise UsageError("`locations` is a list of the APIs whose calls are served")
        self._locations = tuple(locations)
        super().__init__(issuer, trust_domain, self._locations[0], options)

    def _check_sender(self, via: tuple[str, ...]) -> bool:
        raise NotImplementedError

    def _fits(
        self, permitted: Mapping[str, ArgumentText], read: ReadArguments, route: Route
    ) -> bool:
        raise NotImplementedError

    def _use_of(self, call: RemitCall, incoming: Incoming) -> str:
        """Key that a write uses up."""
        raise NotImplementedError

    async def admit(self, incoming: Incoming, route: Route) -> Admitted:
        if _is_agent_credential(incoming.headers.get("authorization"), self._trust.issuer):
            raise ApiRefusal("transaction.agent_token", self.to_agents)
        token = incoming.headers.get("txn-token")
        if token is None:
            raise ApiRefusal("transaction.missing", "a transaction token in `Txn-Token` is needed")
        call, expires_at = await self._read(token, self._call_of)
        if not self._check_sender(call.via):
            detail = "the token was not passed on by a service that may"
            raise ApiRefusal("transaction.other_sender", detail)
        if call.action != route.action:
            self.failed(_differs("action", route.action, call.action))
            raise ApiRefusal("transaction.other_action", "the token was made for another operation")
        if not self._fits(call.arguments, arguments_of(incoming), route):
            raise ApiRefusal(
                "transaction.other_arguments", "the token was made for other arguments"
            )
        # INVARIANT: last, so that nothing but the request itself uses a permit up.
        if route.writes and not await self._use(self._use_of(call, incoming), expires_at):
            raise ApiRefusal("transaction.used", "the token was used for this before")
        return Admitted(call)

    def _call_of(self, claims: Mapping[str, Any]) -> tuple[RemitCall, float]:
        context = record_of(claims.get("tctx"))
        action, location = text_or(context.get("action")), context.get("location")
        if action is None or claims.get("scope") != action:
            raise Unfit("it names no action")
        if location not in self._locations:
            self.failed(_differs("location", " ".join(self._locations), location))
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
            ext=record_of(claims.get("ext")),
        )
        return call, claims["exp"] + SKEW


class _BehindGateway(_Transactions):
    to_agents = "this API is called through the gateway, which keeps the agent’s token"

    def _check_sender(self, via: tuple[str, ...]) -> bool:
        # INVARIANT: what the gateway sent here, and not what another service made of it.
        return len(via) == 1

    def _fits(
        self, permitted: Mapping[str, ArgumentText], read: ReadArguments, route: Route
    ) -> bool:
        return same_arguments(permitted, route.arguments(read) if route.arguments else read.all)

    def _use_of(self, call: RemitCall, incoming: Incoming) -> str:
        return str(call.decision_id)


class _InsideDomain(_Transactions):
    to_agents = "agents do not call this service"

    def __init__(
        self,
        issuer: str,
        trust_domain: str,
        locations: Sequence[str],
        options: LocalOptions,
        senders: Sequence[str] | None,
    ) -> None:
        super().__init__(issuer, trust_domain, locations, options)
        if isinstance(senders, str):
            raise UsageError("`senders` is a list of services")
        self._senders = senders

    def _check_sender(self, via: tuple[str, ...]) -> bool:
        return self._senders is None or via[-1] in self._senders

    def _fits(
        self, permitted: Mapping[str, ArgumentText], read: ReadArguments, route: Route
    ) -> bool:
        return part_of_arguments(permitted, route.arguments(read) if route.arguments else {})

    def _use_of(self, call: RemitCall, incoming: Incoming) -> str:
        return f"{call.decision_id} {incoming.method} {incoming.full_target}"


def _is_agent_credential(authorization: str | None, issuer: str) -> bool:
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
