"""Certificates that clients show (RFC 8705)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import ssl
from collections.abc import Sequence
from typing import Literal

from ..wire.keys import base64url
from .answer import ApiRefusal
from .guard import Incoming

ClientCertificates = Literal["tls"] | Sequence[str]
"""
Source of the certificate that a client showed. `"tls"`: the server ends TLS itself, and tells it (the TLS extension of ASGI).
Otherwise the addresses of the proxies that do, and say it in `Client-Cert` (RFC 9440); nobody else is believed.
"""

_VALUE = re.compile(r":([A-Za-z0-9+/]+={0,2}):", re.ASCII)
"""RFC 9440 section 2.2: a byte sequence of RFC 8941."""
_MAX_CHARACTERS = 8192
_BETWEEN_ADDRESSES = re.compile(r"[\s,;=\"\[\]]+")


def certificate_of(incoming: Incoming, certificates: ClientCertificates | None) -> str | None:
    """`x5t#S256` of the certificate that the client showed at this connection. Raises `ApiRefusal`."""
    if certificates is None:
        return None
    if certificates != "tls":
        return _of_header(incoming, certificates)
    if incoming.certificate is None:
        return None
    try:
        return _thumbprint(ssl.PEM_cert_to_DER_cert(incoming.certificate))
    except ValueError as error:
        raise ApiRefusal("api.misconfigured", "the server tells no certificate", error) from error


def _of_header(incoming: Incoming, proxies: Sequence[str]) -> str | None:
    value = incoming.headers.get("client-cert")
    if value is None:
        return None
    # INVARIANT: by the address of the connection. What `X-Forwarded-For` says, the caller may have written.
    address = _plain(incoming.ip or "")
    if address in _forwarded(incoming):
        detail = "the server takes addresses from `X-Forwarded-For`: switch that off (`--no-proxy-headers`)"
        raise ApiRefusal("api.misconfigured", detail)
    if address not in proxies:
        raise ApiRefusal("request.bad_header", "`Client-Cert` is for the proxy in front to say")
    found = _VALUE.fullmatch(value) if len(value) <= _MAX_CHARACTERS else None
    try:
        return _thumbprint(base64.b64decode(found[1] if found else "", validate=True))
    except (binascii.Error, ValueError):
        raise ApiRefusal("request.bad_header", "`Client-Cert` is not one certificate") from None


def _forwarded(incoming: Incoming) -> set[str]:
    """Addresses that a server may have taken for that of the connection."""
    said = ",".join(incoming.headers.get(name, "") for name in ("x-forwarded-for", "forwarded"))
    listed = [_plain(each) for each in _BETWEEN_ADDRESSES.split(said) if each]
    return {*listed, *(each.rpartition(":")[0] for each in listed if each.count(":") == 1)}


def _plain(address: str) -> str:
    return address.removeprefix("::ffff:") if "." in address else address


def _thumbprint(der: bytes) -> str:
    if not der:
        raise ValueError("it is empty")
    return base64url(hashlib.sha256(der).digest())
