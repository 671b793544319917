"""Where a Remit server is (RFC 8414)."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import CallFailed
from .address import origin_of, secure_url
from .flow import Answer, Flow, Request
from .problem import object_of


@dataclass(frozen=True)
class RemitServer:
    """Metadata of a Remit server, as far as this package needs them."""

    issuer: str
    token_endpoint: str
    backchannel_endpoint: str | None = None
    """Where an agent asks a person itself (OpenID CIBA)."""


def discover(issuer: str) -> Flow[RemitServer]:
    """Asks a server where its endpoints are (RFC 8414 section 3). Raises `CallFailed`, `UsageError`."""
    path = secure_url(issuer).path.rstrip("/")
    where = f"{origin_of(issuer)}/.well-known/oauth-authorization-server{path}"
    answer: Answer = yield Request("GET", where, {"accept": "application/json"})
    told = object_of(answer.body)
    endpoint = told.get("token_endpoint")
    # RFC 8414 section 3.3: a document that names another issuer is not used.
    if not answer.ok or told.get("issuer") != issuer or not isinstance(endpoint, str):
        detail = f"`{where}` does not describe `{issuer}`: {_described(answer, told.get('issuer'))}"
        raise CallFailed("server.unreadable", detail, status=answer.status)
    secure_url(endpoint)
    asking = told.get("backchannel_authentication_endpoint")
    if not isinstance(asking, str):
        return RemitServer(issuer, endpoint)
    secure_url(asking)
    return RemitServer(issuer, endpoint, asking)


def _described(answer: Answer, told: object) -> str:
    if not answer.ok:
        return f"it answered {answer.status}"
    return f"it describes `{told[:200]}`" if isinstance(told, str) else "it names no issuer"
