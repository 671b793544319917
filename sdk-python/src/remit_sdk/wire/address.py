"""Addresses that a credential may go to."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from ..errors import UsageError

_LOCAL = re.compile(r"(?:localhost|127(?:\.\d+){3}|::1)")
_PORTS = {"http": 80, "https": 443}


def parsed(text: str) -> SplitResult:
    """Raises `UsageError` for what is no absolute address."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises for one that is no number
        if parts.scheme and parts.hostname:
            return parts
    except ValueError:
        pass
    raise UsageError(f"`{text[:200]}` is not an address")


def secure_url(text: str) -> SplitResult:
    """HTTPS, or plain HTTP on this machine, without a name or password in it. Raises `UsageError`."""
    parts = parsed(text)
    local = parts.scheme == "http" and _LOCAL.fullmatch(parts.hostname or "")
    if parts.scheme != "https" and not local:
        raise UsageError(f"`{text[:200]}` is neither https nor on this machine")
    if "@" in parts.netloc:
        raise UsageError("an address here has no name and no password in it")
    return parts


def origin_of(text: str) -> str:
    """Scheme, host and port, without the port that is the scheme's own. Raises `UsageError`."""
    parts = parsed(text)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    return f"{parts.scheme}://{host}" + (
        f":{port}" if port not in (None, _PORTS.get(parts.scheme)) else ""
    )


def is_same_origin(text: str, other: str) -> bool:
    """False also for what is no address."""
    try:
        return origin_of(text) == origin_of(other)
    except UsageError:
        return False


def target_of(url: str) -> str:
    """The address without query and fragment, as `htu` of a proof (RFC 9449 section 4.2)."""
    return origin_of(url) + (parsed(url).path or "/")


def is_below(url: str, resource: str) -> bool:
    """Whether an address is a resource's, or below it. Compared as it is written: identifiers are byte-exact."""
    rest = url[len(resource) :]
    return url.startswith(resource) and (rest == "" or rest[0] in "/?")
