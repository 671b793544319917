"""Tokens of Remit, checked without asking anyone but for its keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from ..errors import CallFailed, UsageError
from ..transport import run_async
from ..wire.address import secure_url
from ..wire.flow import Answer, Flow, Request
from ..wire.problem import object_of, record_of, text_or
from .answer import ApiRefusal
from .guard import Actor, Person

_KEEP_KEYS = 300.0
"""Seconds, as long as Remit says that its keys may be kept: one that it withdraws is believed no longer."""
_PAUSE = 5.0
"""Seconds between readings because of a key that is not known."""
_PAUSE_AFTER_FAILURE = 1.0
_MAX_TOKEN = 16 * 1024
_MAX_CHAIN = 5
SKEW = 5.0


class IssuerKeys:
    """The keys that Remit signs with, read when they are needed."""

    def __init__(
        self,
        issuer: str,
        jwks_uri: str | None,
        client: Any,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._where = jwks_uri or f"{issuer}/oauth/jwks"
        secure_url(self._where)
        self._client = client
        self._clock = clock
        self._keys: Mapping[str, ec.EllipticCurvePublicKey] = {}
        self._read_at: float | None = None
        self._failed_at: float | None = None

    async def get(self, kid: str) -> ec.EllipticCurvePublicKey | None:
        """Raises `ApiRefusal` (`api.not_decided`) where they cannot be had: that says nothing about a token."""
        if self._failed_at is not None and self._clock() - self._failed_at < _PAUSE_AFTER_FAILURE:
            raise _no_keys(None)
        age = _KEEP_KEYS if self._read_at is None else self._clock() - self._read_at
        if age >= _KEEP_KEYS or (kid not in self._keys and age >= _PAUSE):
            began = self._clock()
            try:
                self._keys = await run_async(self._read(), self._client)
            except CallFailed as error:
                self._failed_at = self._clock()
                raise _no_keys(error) from error
            self._read_at, self._failed_at = began, None
        return self._keys.get(kid)

    def _read(self) -> Flow[Mapping[str, ec.EllipticCurvePublicKey]]:
        answer: Answer = yield Request("GET", self._where, {"accept": "application/json"})
        listed = object_of(answer.body).get("keys")
        if not answer.ok or not isinstance(listed, list):
            raise CallFailed(
                "server.unreadable", f"`{self._where}` has no keys", status=answer.status
            )
        return dict(filter(None, map(_key_of, listed)))


def _no_keys(cause: CallFailed | None) -> ApiRefusal:
    return ApiRefusal("api.not_decided", "the keys of Remit could not be had", cause)


def _key_of(value: object) -> tuple[str, ec.EllipticCurvePublicKey] | None:
    """Those for ES256; others are none of ours."""
    jwk = record_of(value)
    kid = text_or(jwk.get("kid"))
    if kid is None or jwk.get("crv") != "P-256" or jwk.get("alg", "ES256") != "ES256":
        return None
    try:
        key = jwt.PyJWK({**jwk, "alg": "ES256"}).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return (kid, key) if isinstance(key, ec.EllipticCurvePublicKey) else None


@dataclass(frozen=True)
class Trust:
    """Whose tokens are believed, and what they have to be."""

    issuer: str
    audience: str
    type: str
    life: float
    """Seconds."""
    keys: IssuerKeys
    now: Callable[[], float]


class Unfit(Exception):
    """A token that does not hold. Says why, for those who run the API."""


class Misfit(Unfit):
    """A token that Remit signed, for something else than is set here."""


async def verified(token: str, trust: Trust) -> Mapping[str, Any]:
    """
    Checks a token: its type and algorithm before anything else, then signature, issuer, audience and age.
    Raises `Unfit`, or `ApiRefusal` where the keys cannot be had.
    """
    if len(token) > _MAX_TOKEN or token.count(".") != 2:
        raise Unfit("it is no JWT")
    try:
        head = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise Unfit("it is no JWT") from None
    kid = text_or(head.get("kid"))
    # INVARIANT: the header says exactly these three; the algorithm is never the token's choice.
    if (
        set(head) != {"typ", "alg", "kid"}
        or head["typ"] != trust.type
        or head["alg"] != "ES256"
        or not kid
    ):
        raise Unfit("its header is not one of Remit's for this")
    key = await trust.keys.get(kid)
    if key is None:
        raise Unfit("its key is not known")
    try:
        # Claims are checked below, by the clock that was given.
        options: Any = {"verify_signature": True, **dict.fromkeys(_CLAIM_CHECKS, False)}
        claims: Mapping[str, Any] = jwt.decode(token, key, algorithms=["ES256"], options=options)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise Unfit("its signature does not hold") from None
    if claims.get("iss") != trust.issuer:
        raise Misfit(
            f"`issuer` here is `{trust.issuer}`, the token says `{str(claims.get('iss'))[:200]}`"
        )
    if claims.get("aud") != trust.audience:
        raise Misfit(
            f"its audience here is `{trust.audience}`, the token says `{str(claims.get('aud'))[:200]}`"
        )
    _check_age(claims, trust)
    return claims


_CLAIM_CHECKS = (
    "verify_exp",
    "verify_nbf",
    "verify_iat",
    "verify_aud",
    "verify_iss",
    "verify_sub",
    "verify_jti",
)


def _check_age(claims: Mapping[str, Any], trust: Trust) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if type(issued) is not int or type(expires) is not int or "nbf" in claims:
        raise Unfit("its times cannot be read")
    now = trust.now()
    if issued > now + SKEW or expires <= now - SKEW or now - issued > trust.life + SKEW:
        raise Unfit("it has expired, or is not valid yet")


@dataclass(frozen=True)
class Parties:
    person: Person | None
    chain: tuple[str, ...]
    actors: tuple[Actor, ...]


def parties_of(claims: Mapping[str, Any]) -> Parties:
    """
    Whom it is for and who acts; the outermost `act` is the agent that acts now (RFC 8693 section 4.1). Those of Remit
    come first; none of others is ever among the chain, whatever its name. Raises `Unfit`.
    """
    chain: list[str] = []
    actors: list[Actor] = []
    act = claims.get("act")
    while act is not None:
        issuer, subject = (text_or(record_of(act).get(name)) for name in ("iss", "sub"))
        ours = issuer == claims["iss"]
        if not issuer or not subject or len(chain) + len(actors) >= _MAX_CHAIN or (ours and actors):
            raise Unfit("`act` cannot be read")
        if ours:
            chain.append(subject)
        else:
            actors.append(Actor(issuer, subject))
        act = record_of(act).get("act")
    sub, profile = text_or(claims.get("sub")), claims.get("sub_profile")
    if not sub:
        raise Unfit("it has no subject")
    if profile == "ai_agent":
        return Parties(None, (*chain, sub), tuple(actors))
    if profile != "user" or not chain:
        raise Unfit("it has no subject, or no agent")
    # A name for this API alone: nothing says who that is.
    if sub.startswith("pairwise_") and "sub_id" not in claims:
        return Parties(Person(sub), tuple(chain), tuple(actors))
    sub_id = record_of(claims.get("sub_id"))
    issuer, subject = text_or(sub_id.get("iss")), text_or(sub_id.get("sub"))
    if not issuer or not subject:
        raise Unfit("it has no subject")
    return Parties(Person(sub, issuer, subject), tuple(chain), tuple(actors))


def new_client(given: Any, timeout: float) -> Any:
    """Client of `httpx2`, or what was given. Raises `UsageError`."""
    if given is None:
        return httpx2.AsyncClient(timeout=timeout)
    if not hasattr(given, "aclose"):
        raise UsageError("`client` is an `AsyncClient`")
    return given
