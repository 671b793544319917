"""An API that agents call, and that looks at their tokens alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Unpack

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ..wire.address import origin_of, parsed, secure_url
from ..wire.keys import base64url, thumbprint
from ..wire.problem import record_of, text_or
from .answer import ApiRefusal
from .arguments import Written
from .guard import Admitted, Guard, Incoming, RemitCall, Route, TaskOfCall
from .local import LocalGuard, LocalOptions, arguments_of
from .tokens import SKEW, Parties, Unfit, parties_of

_PROOF_LIFE = 60.0
_MAX_PROOF = 4 * 1024
_DPOP = re.compile(r"dpop +([A-Za-z0-9._~+/=-]+)", re.IGNORECASE)
_DECIMAL = re.compile(r"-?\d{1,40}(?:\.\d{1,40})?", re.ASCII)


def by_token(*, issuer: str, resource: str, **options: Unpack[LocalOptions]) -> Guard:
    """
    Lets through what a resource token covers: the token has to hold and to be for this API, the DPoP proof to be by its key,
    for this request and never seen before, and its details to hold this action with these arguments.

    Nothing is decided at Remit: policies, approvals, budgets and what people were asked do not count, and a token that was
    revoked works until it expires, five minutes at most. For reads of little risk; for everything else there is `direct`.
    """
    secure_url(resource)
    return _ByToken(issuer, resource, resource, options)


class _ByToken(LocalGuard):
    token = "resource token"
    type = "at+jwt"
    refused = "token.invalid"
    life = 300.0
    most = 256 * 1024

    async def admit(self, incoming: Incoming, route: Route) -> Admitted:
        credential = _DPOP.fullmatch(incoming.headers.get("authorization", ""))
        if not credential:
            raise ApiRefusal("token.missing", "a resource token with a DPoP proof is needed")
        token = credential[1]
        claims, task, parties = await self._read(token, _facts_of)
        jkt = text_or(record_of(claims.get("cnf")).get("jkt"))
        if jkt is None:
            raise ApiRefusal("token.invalid", "the token is not bound to a key")
        proof_id, until = self._proved(incoming, token, jkt)
        read = arguments_of(incoming)
        asked = route.arguments(read) if route.arguments else read.all
        if not _covers(claims.get("authorization_details"), route.action, self.identifier, asked):
            raise ApiRefusal(
                "token.not_covered", f"`{route.action}` with these arguments is not in the token"
            )
        # INVARIANT: last, so that nothing but the request itself uses a proof up.
        if not await self._use(proof_id, until):
            raise ApiRefusal(
                "proof.replayed", "the proof was used before: make a new one for each request"
            )
        return Admitted(
            RemitCall(
                action=route.action,
                agent=parties.chain[0],
                chain=parties.chain,
                person=parties.person,
                task=task,
                arguments={
                    name: _plain(value) for name, value in asked.items() if value is not None
                },
                actors=parties.actors,
                ext=record_of(claims.get("ext")),
            )
        )

    def _proved(self, incoming: Incoming, token: str, jkt: str) -> tuple[str, float]:
        """Checks the proof (RFC 9449 section 4.3). Answers what it is known by, and until when. Raises `ApiRefusal`."""
        proof = incoming.headers.get("dpop", "")
        claims = _read_proof(proof, jkt)
        issued, id = claims.get("iat"), claims.get("jti")
        now = self._trust.now()
        ath = base64url(hashlib.sha256(token.encode()).digest())
        if (
            claims.get("htm") != incoming.method
            or claims.get("htu") != self._address(incoming)
            or claims.get("ath") != ath
            or not isinstance(issued, int | float)
            or isinstance(issued, bool)
            or not now - _PROOF_LIFE - SKEW <= issued <= now + SKEW
            or not isinstance(id, str)
            or not 0 < len(id) <= 256
        ):
            raise _no_proof("it is for another request, or too old")
        return f"{jkt} {id}", now + _PROOF_LIFE + 2 * SKEW

    def _address(self, incoming: Incoming) -> str:
        """By configuration and the path as it arrived: never by `Host`, which the caller chooses."""
        base = parsed(self.identifier).path.rstrip("/")
        if incoming.raw_path != base and not incoming.raw_path.startswith(f"{base}/"):
            raise ApiRefusal("api.misconfigured", f"a path here begins with `{base}`")
        return origin_of(self.identifier) + incoming.raw_path


def _facts_of(claims: Mapping[str, Any]) -> tuple[Mapping[str, Any], TaskOfCall, Parties]:
    task = record_of(claims.get("task"))
    id, purpose = text_or(task.get("id")), text_or(task.get("purpose"))
    # A task token has no epochs, and is for Remit alone.
    if not id or not purpose or not text_or(task.get("ep")) or claims.get("client_id") != id:
        raise Unfit("it names no task")
    return claims, TaskOfCall(id, purpose, text_or(task.get("parent"))), parties_of(claims)


def _read_proof(proof: str, jkt: str) -> Mapping[str, Any]:
    # Two headers are joined by a comma, which no JWT has.
    if len(proof) > _MAX_PROOF or proof.count(".") != 2:
        raise _no_proof("there is none, or more than one")
    try:
        head = jwt.get_unverified_header(proof)
        jwk = record_of(head.get("jwk"))
        algorithm = head.get("alg")
        if set(head) != {"typ", "alg", "jwk"} or head["typ"] != "dpop+jwt" or "d" in jwk:
            raise _no_proof("its header")
        if algorithm not in ("ES256", "EdDSA") or thumbprint(jwk) != jkt:
            raise _no_proof("its key is not that of the token")
        key = jwt.PyJWK({**jwk, "alg": algorithm}).key
        if not isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
            raise _no_proof("its key is of another kind")
        options: Any = dict.fromkeys(
            ("verify_exp", "verify_nbf", "verify_iat", "verify_sub", "verify_jti"), False
        )
        claims: Mapping[str, Any] = jwt.decode(proof, key, algorithms=[algorithm], options=options)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError):
        raise _no_proof("its signature") from None
    return claims


def _no_proof(why: str) -> ApiRefusal:
    return ApiRefusal("proof.invalid", f"the DPoP proof does not hold: {why}")


def _covers(details: object, action: str, resource: str, arguments: Mapping[str, Any]) -> bool:
    """Whether one of the details holds this action with these arguments. What is not understood holds nothing."""
    return isinstance(details, list) and any(
        detail.get("type") == "remit_call"
        and isinstance(detail.get("locations"), list)
        and resource in detail["locations"]
        and isinstance(detail.get("actions"), list)
        and action in detail["actions"]
        and isinstance(detail.get("bounds", []), list)
        and all(_within(record_of(bound), arguments) for bound in detail.get("bounds", []))
        for detail in map(record_of, details)
    )


def _within(bound: Mapping[str, Any], arguments: Mapping[str, Any]) -> bool:
    """Stricter than Remit, which knows types: a number is equal only where it is written the same."""
    text = _text_at(bound.get("path"), arguments)
    limit = bound.get("value")
    if text is None:
        return False
    match bound.get("op"):
        case "eq":
            return text == limit
        case "in":
            return isinstance(limit, list) and text in limit
        case "prefix":
            # A path that climbs out, whatever decodes it.
            climbs = ".." in text or "//" in text or "\\" in text or "%" in text
            return isinstance(limit, str) and text.startswith(limit) and not climbs
        case "lte" | "gte" as op:
            if (
                not isinstance(limit, str)
                or not _DECIMAL.fullmatch(limit)
                or not _DECIMAL.fullmatch(text)
            ):
                return False
            low, high = (text, limit) if op == "lte" else (limit, text)
            return Decimal(low) <= Decimal(high)
        case _:
            return False


def _text_at(path: object, arguments: Mapping[str, Any]) -> str | None:
    """The text at a JSON Pointer (RFC 6901); lists are not entered."""
    if not isinstance(path, str) or not path.startswith("/"):
        return None
    value: Any = arguments
    for step in path[1:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    value = _plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None


def _plain(value: Any) -> Any:
    if isinstance(value, Written):
        return value.values[0] if len(value.values) == 1 else list(value.values)
    return str(value) if isinstance(value, str) else value
