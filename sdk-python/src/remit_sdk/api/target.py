"""Path and query, decoded once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from ..errors import UsageError
from .answer import ApiRefusal

_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+")
"""What the gateway sends: it builds addresses anew from what was decided on, so nothing else needs to be read."""
_QUERY = re.compile(r"(?:[A-Za-z0-9._~!$'()*,:@/?[\]=&-]|%[0-9A-Fa-f]{2})*")
_PARAMETER = re.compile(r"\{([^{}]+)\}")
_MARKS = re.compile(r"[{}:*]")


@dataclass(frozen=True)
class Target:
    segments: Sequence[str]
    query: Sequence[tuple[str, str]]


def read_target(path: str, search: str) -> Target:
    """Raises `ApiRefusal` (`request.ambiguous_target`)."""
    if not path.startswith("/") or not _QUERY.fullmatch(search):
        raise ambiguous()
    parts = [] if path == "/" else path[1:].split("/")
    if not all(map(_SEGMENT.fullmatch, parts)):
        raise ambiguous()
    pairs = [] if search == "" else [_pair_of(part) for part in search.split("&")]
    return Target([_decoded(part) for part in parts], pairs)


def _pair_of(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    if name == "":
        raise ambiguous()
    return _decoded(name), _decoded(value)


def _decoded(part: str) -> str:
    try:
        return unquote_to_bytes(part).decode("utf-8")
    except UnicodeDecodeError:
        raise ApiRefusal("request.ambiguous_target", "not percent-encoded UTF-8") from None


def ambiguous() -> ApiRefusal:
    return ApiRefusal("request.ambiguous_target", "the address can be read in two ways")


class Template:
    """`/orders/{order_id}/refunds`, as in the OpenAPI document. Raises `UsageError`."""

    def __init__(self, path: str) -> None:
        if not path.startswith("/"):
            raise UsageError(f"`{path}` does not begin with a slash")
        self._parts = [] if path == "/" else path[1:].split("/")
        for part in self._parts:
            if part == "" or (_MARKS.search(part) and not _PARAMETER.fullmatch(part)):
                raise UsageError(
                    f"`{path}`: parameters are whole segments in braces, {{like_this}}"
                )

    @property
    def order(self) -> tuple[bool, ...]:
        """Of several that fit, the first counts: what is written out before what is not (OpenAPI, Paths Object)."""
        return tuple(_PARAMETER.fullmatch(part) is not None for part in self._parts)

    def match(self, segments: Sequence[str]) -> Mapping[str, str] | None:
        """Reads the parameters of a path; `None`: it is another path."""
        if len(segments) != len(self._parts):
            return None
        values: dict[str, str] = {}
        for part, segment in zip(self._parts, segments, strict=True):
            parameter = _PARAMETER.fullmatch(part)
            if parameter:
                values[parameter[1]] = segment
            elif part != segment:
                return None
        return values
