"""An API that agents call directly: it asks Remit about every call before it runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import RemitError, UsageError
from ..wire.address import origin_of, parsed, secure_url
from .answer import Answer, ApiRefusal
from .answers import Unfit, admits_json, doable_with
from .calls import Calls, Permit, Unreadable
from .client_certificate import ClientCertificates, certificate_of
from .exact_json import require_exact_numbers
from .guard import Admitted, Ended, Guard, Incoming, Refused, Route
from .tokens import new_client

_USUAL_HEADERS = (
    "accept",
    "accept-language",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "prefer",
)
_CREDENTIALS = frozenset(
    {"authorization", "client-cert", "cookie", "dpop", "proxy-authorization", "txn-token"}
)
"""Who calls is no part of what is decided, shown and hashed."""
_MAX_BODY_BYTES = 400 * 1024
_CREDENTIAL = re.compile(r"(dpop|bearer) ([A-Za-z0-9._~+/=-]+)", re.IGNORECASE)


def direct(
    *,
    issuer: str,
    resource: str,
    secret: str,
    headers: Sequence[str] = (),
    base_path: str | None = None,
    hash_key: bytes | None = None,
    client_certificates: ClientCertificates | None = None,
    max_body_bytes: int = 256 * 1024,
    timeout: float = 3.0,
    client: Any = None,
    on_error: Callable[[BaseException], None] = lambda _: None,
) -> Guard:
    """
    Asks Remit about every call before it runs, and reports how it ended. Fail closed: no answer in time, or one that cannot
    be read, and nothing runs.

    `resource` is the API's public address, exactly as it is in the catalog; `secret` is `enf_…`, from `remit clients add
    enforcer`. `headers` change what the API does, beside the usual ones (`accept`, `idempotency-key`, `if-match`, …), and are
    part of what people approve. `base_path` is the path with which the API's own paths begin, where something in front of
    it cuts the identifier's. `hash_key` is the key of the digests that policies oblige to (`@hash`), at least 32 random bytes
    that only this API knows; without it such calls are denied. `client_certificates` says where the certificate of a client
    comes from, for tokens that are bound to one (RFC 8705); without it such tokens are refused. `timeout` is how long to wait for Remit, in seconds.
    """
    secure_url(issuer)
    secure_url(resource)
    if not secret:
        raise UsageError("`secret` is empty: `remit clients add enforcer` shows it once")
    if re.fullmatch(r"[a-z][a-z0-9-]{1,62}", secret):
        raise UsageError(
            "`secret` is the name of a client, not its secret, which `clients add` showed once"
        )
    if hash_key is not None and len(hash_key) < 32:
        raise UsageError(
            "`hash_key` has fewer than 32 bytes, so that what is hashed could be tried out"
        )
    seen = (*_USUAL_HEADERS, *(name.lower() for name in headers))
    for name in seen:
        if name in _CREDENTIALS:
            raise UsageError(f"`{name}` is a credential: it is not shown to people")
    if isinstance(client_certificates, str) and client_certificates != "tls":
        raise UsageError('`client_certificates` is `"tls"`, or a list of addresses of proxies')
    calls = Calls(issuer, secret, new_client(client, timeout), timeout, on_error)
    most = min(max_body_bytes, _MAX_BODY_BYTES)
    return _Direct(calls, resource, seen, base_path, hash_key, client_certificates, most, on_error)


class _Direct:
    def __init__(
        self,
        calls: Calls,
        resource: str,
        seen: Sequence[str],
        base_path: str | None,
        hash_key: bytes | None,
        client_certificates: ClientCertificates | None,
        max_body_bytes: int,
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._calls = calls
        self._certificates = client_certificates
        self._hash_key = hash_key
        self._seen = dict.fromkeys(seen)
        self._path = parsed(resource).path.rstrip("/")
        self._base_path = self._path if base_path is None else base_path.rstrip("/")
        self.identifier = resource
        self.max_body_bytes = max_body_bytes
        self.failed = on_error

    async def admit(self, incoming: Incoming, route: Route) -> Admitted | Refused:
        credential = _CREDENTIAL.fullmatch(incoming.headers.get("authorization", ""))
        if not credential:
            raise ApiRefusal("token.missing", "a resource token with a DPoP proof is needed")
        scheme, token = credential.groups()
        certificate = certificate_of(incoming, self._certificates)
        proofs = [each.strip() for each in incoming.headers.get("dpop", "").split(",")]
        reads = route.json and admits_json(incoming.headers.get("accept"))
        asked = {
            "scheme": "DPoP" if scheme.lower() == "dpop" else "Bearer",
            "token": token,
            "proofs": [each for each in proofs if each],
            "method": incoming.method,
            "url": self._public_url(incoming),
            "headers": [
                [name, incoming.headers[name]] for name in self._seen if name in incoming.headers
            ],
            # What cannot be read when it comes is not begun.
            "obligations": doable_with(self._hash_key) if reads else [],
        }
        if certificate is not None:
            asked["certificate"] = certificate
        if incoming.text is not None:
            asked["body"] = incoming.text
        if incoming.ip is not None:
            asked["ip"] = incoming.ip
        try:
            verdict = await self._calls.ask(asked)
        except (RemitError, Unreadable, TimeoutError) as error:
            raise _undecided(error) from error
        if isinstance(verdict, Answer):
            return Refused(verdict)
        return await self._begin(verdict, route, incoming.text)

    async def _begin(self, permit: Permit, route: Route, text: str | None) -> Admitted:
        try:
            call = permit.call()
            answering = permit.answering(self._hash_key)
            # After the credentials, which Remit alone can check: a stranger is told nothing of a body.
            if text is not None:
                require_exact_numbers(text)
            if call.action != route.action:
                detail = (
                    f"Remit knows this operation as `{call.action}`, the API as `{route.action}`"
                )
                raise ApiRefusal("api.misconfigured", detail)
            # INVARIANT: a permit that comes late is none: what it stood on may have been revoked.
            if permit.is_late:
                raise Unreadable("the permit came too late")
        except (ApiRefusal, Unreadable, Unfit) as error:
            await self._calls.report(permit.decision_id, {"state": "not_sent"})
            raise error if isinstance(error, ApiRefusal) else _undecided(error) from error

        async def ended(how: Ended) -> None:
            outcome: dict[str, Any] = {"state": "failed"}
            if how.status is not None:
                outcome = {"state": "answered", "status": how.status}
            if how.status is not None and how.amounts:
                outcome["amounts"] = how.amounts
            await self._calls.report(permit.decision_id, outcome)

        return Admitted(call, ended, answering)

    def _public_url(self, incoming: Incoming) -> str:
        """By configuration and the target as it arrived: never by `Host`, which the caller chooses."""
        base = self._base_path
        path = incoming.raw_path
        if path != base and not path.startswith(f"{base}/"):
            raise ApiRefusal("api.misconfigured", f"a path here begins with `{base}`")
        return origin_of(self.identifier) + self._path + incoming.full_target[len(base) :]


def _undecided(cause: BaseException) -> ApiRefusal:
    detail = "whether the call is permitted could not be asked; nothing was done"
    return ApiRefusal("api.not_decided", detail, cause)
