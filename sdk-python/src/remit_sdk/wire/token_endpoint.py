"""The token endpoint (RFC 6749 section 5), with a proof by the task's key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ..errors import CallFailed, ConsentRequired, Denied, RefusalFacts, RemitError
from .flow import Answer, Flow, Request
from .problem import number_or, object_of, text_or
from .signed import Signer

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CIBA = "urn:openid:params:grant-type:ciba"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"

FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


@dataclass(frozen=True)
class TokenAnswer:
    token: str
    task_id: str
    expires_in: float
    """Seconds."""
    details: tuple[Mapping[str, Any], ...]
    missing: tuple[Mapping[str, Any], ...] = ()
    """Details that were asked for and not granted."""
    interaction_uri: str | None = None
    """Page on which the person can allow them."""


def form_of(form: Mapping[str, str | None]) -> bytes:
    return urlencode({name: value for name, value in form.items() if value is not None}).encode()


def request_token(
    endpoint: str, signer: Signer, form: Mapping[str, str | None]
) -> Flow[TokenAnswer]:
    """Asks the token endpoint. Raises `Denied` with Remit's code, `ConsentRequired`, `CallFailed`."""
    request = Request("POST", endpoint, FORM, form_of(form))
    answer = yield from signer.send(request, "POST", endpoint)
    body = object_of(answer.body)
    if not answer.ok:
        raise refusal_of(answer, body)
    token, task_id = text_or(body.get("access_token")), text_or(body.get("task_id"))
    expires_in = number_or(body.get("expires_in"))
    if (
        not token
        or not task_id
        or expires_in is None
        or str(body.get("token_type")).lower() != "dpop"
    ):
        raise unreadable(answer)
    return TokenAnswer(
        token,
        task_id,
        expires_in,
        _objects(body.get("authorization_details")),
        _objects(body.get("missing_authorization_details")),
        text_or(body.get("interaction_uri")),
    )


def _objects(value: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def refusal_of(answer: Answer, body: Mapping[str, Any]) -> RemitError:
    """RFC 6749 section 5.2, with Remit's own code beside."""
    error = text_or(body.get("error"))
    if error is None:
        return unreadable(answer)
    code = text_or(body.get("code")) or error
    detail = text_or(body.get("error_description")) or error
    facts = RefusalFacts(code, detail, answer.status, oauth_error=error)
    page = text_or(body.get("interaction_uri"))
    if error == "interaction_required" and page:
        return ConsentRequired(facts, page)
    if answer.status < 500:
        return Denied(facts, answer.response)
    return CallFailed(code, detail, status=answer.status, response=answer.response)


def unreadable(answer: Answer) -> CallFailed:
    detail = "the token endpoint answered something else"
    return CallFailed("server.unreadable", detail, status=answer.status, response=answer.response)
