"""Keys of agents and tasks, and what they sign."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ..errors import UsageError
from .address import target_of

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFE_SECONDS = 60


@dataclass(frozen=True)
class AgentIdentity:
    """Who opens the task: a registered agent, and how it proves that."""

    id: str
    """Its name at Remit, such as `refund-bot`."""
    key: Mapping[str, Any] | PrivateKey | None = field(default=None, repr=False)
    """Its private key (ES256 or Ed25519), as JWK or as a key of `cryptography`."""
    assertion: Callable[[], str | Awaitable[str]] | None = field(default=None, repr=False)
    """Or whatever makes a client assertion for it (RFC 7523): a key in an HSM, a workload identity."""

    @classmethod
    def from_file(cls, id: str, path: str | os.PathLike[str] | None = None) -> AgentIdentity:
        """
        The agent with the key that `remit agents add … --key-out` wrote. Default: `<id>.jwk` in this folder. A path
        alone names the agent by its file: `keys/refund-bot.jwk`. Raises `UsageError`.
        """
        if path is None and id.endswith(".jwk"):
            id, path = Path(id).stem, id
        if not id.startswith("https://") and ("/" in id or os.sep in id or id.endswith(".jwk")):
            raise UsageError(f"`{id}` is a path: say the agent's id first, then the path")
        file = Path(path if path is not None else f"{id}.jwk")
        try:
            key = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"`{file}` is no file with a JWK: {type(error).__name__}") from None
        return cls(id, key)


def client_assertion(agent: AgentIdentity, issuer: str, now: float) -> str:
    """A client assertion (RFC 7523 section 2.2): for Remit alone, for a minute, used once. Raises `UsageError`."""
    if agent.key is None:
        raise UsageError(f"`{agent.id}` needs a `key`, or an `assertion` that proves who it is")
    key = agent.key if isinstance(agent.key, PrivateKey) else _imported(agent.key)
    issued = int(now)
    claims = {
        "jti": secrets.token_urlsafe(16),
        "iss": agent.id,
        "sub": agent.id,
        "aud": issuer,
        "iat": issued,
        "exp": issued + _LIFE_SECONDS,
    }
    algorithm = _algorithm_of(key)
    return jwt.encode(claims, key, algorithm, headers={"typ": "client-authentication+jwt"})


def _imported(jwk: Mapping[str, Any]) -> PrivateKey:
    try:
        key = jwt.PyJWK({"alg": "EdDSA" if jwk.get("kty") == "OKP" else "ES256", **jwk}).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        # The reason could quote the key.
        raise UsageError("the key of an agent is a private JWK for ES256 or Ed25519") from None
    if not isinstance(key, PrivateKey):
        raise UsageError("the key of an agent is a private one, for ES256 or Ed25519")
    return key


def _algorithm_of(key: PrivateKey) -> str:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "EdDSA"
    if isinstance(key.curve, ec.SECP256R1):
        return "ES256"
    raise UsageError("the key of an agent is one for ES256 (P-256) or for Ed25519")


class TaskKey:
    """The key of one task, made for it. Its private half never leaves this process."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        numbers = self._private.public_key().public_numbers()
        self.public_jwk = {
            "kty": "EC",
            "crv": "P-256",
            "x": base64url(numbers.x.to_bytes(32, "big")),
            "y": base64url(numbers.y.to_bytes(32, "big")),
        }

    def proof(
        self,
        method: str,
        url: str,
        now: float,
        *,
        token: str | None = None,
        nonce: str | None = None,
    ) -> str:
        """A DPoP proof for one request (RFC 9449 section 4.2): fresh `jti`, `ath` when a token goes with it."""
        claims: dict[str, object] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": target_of(url),
            "iat": int(now),
        }
        if token is not None:
            claims["ath"] = base64url(hashlib.sha256(token.encode()).digest())
        if nonce is not None:
            claims["nonce"] = nonce
        headers = {"typ": "dpop+jwt", "jwk": self.public_jwk}
        return jwt.encode(claims, self._private, "ES256", headers=headers)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638, of a public key on P-256 or of Ed25519. Raises `KeyError`."""
    names = ("crv", "kty", "x") if jwk["kty"] == "OKP" else ("crv", "kty", "x", "y")
    text = json.dumps({name: jwk[name] for name in names}, separators=(",", ":"), sort_keys=True)
    return base64url(hashlib.sha256(text.encode()).digest())
