"""A transaction token of a service that passes a call on (draft-ietf-oauth-transaction-tokens, replacement)."""

from __future__ import annotations

from typing import Any

import anyio

from ..errors import CallFailed, UsageError
from ..transport import run_async
from ..wire.address import secure_url
from ..wire.flow import Answer, Flow, Request
from ..wire.problem import object_of, text_or
from ..wire.token_endpoint import FORM, TOKEN_EXCHANGE, form_of, refusal_of, unreadable
from .tokens import new_client

_TRANSACTION_TOKEN = "urn:ietf:params:oauth:token-type:txn_token"


async def replace_transaction_token(
    token: str,
    *,
    issuer: str,
    trust_domain: str,
    secret: str,
    action: str,
    client: Any = None,
    timeout: float = 3.0,
) -> str:
    """
    A transaction token that says that this service passes the call on, for the header `Txn-Token` of what it sends to others
    inside the trust domain. It is about the same call, and lives no longer than the one before.

    `token` is the one that it was given, `action` that of the permitted call, `secret` is `enf_…` of the service, from
    `remit clients add enforcer`; `timeout` is how long to wait for Remit, in seconds.
    Raises `Denied` with Remit's code, also when the task has ended meanwhile; `CallFailed`.
    """
    if not secret:
        raise UsageError("`secret` is empty")
    url = f"{issuer}/oauth/token"
    secure_url(url)
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "requested_token_type": _TRANSACTION_TOKEN,
        "subject_token_type": _TRANSACTION_TOKEN,
        "subject_token": token,
        "audience": trust_domain,
        "scope": action,
    }
    request = Request("POST", url, {**FORM, "authorization": f"Bearer {secret}"}, form_of(form))
    asking = new_client(client, timeout)
    try:
        with anyio.fail_after(timeout):
            return await run_async(_replacing(request), asking)
    except TimeoutError:
        raise CallFailed("server.unreachable", f"no answer came from `{url}` in time") from None
    finally:
        if client is None:
            await asking.aclose()


def _replacing(request: Request) -> Flow[str]:
    answer: Answer = yield request
    body = object_of(answer.body)
    if not answer.ok:
        raise refusal_of(answer, body)
    replaced = text_or(body.get("access_token"))
    if not replaced or body.get("issued_token_type") != _TRANSACTION_TOKEN:
        raise unreadable(answer)
    return replaced
