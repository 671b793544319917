"""Challenges of `WWW-Authenticate` (RFC 9110 section 11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Challenge:
    scheme: str
    """In lower case."""
    parameters: Mapping[str, str] = field(default_factory=dict)


_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PARAMETER = re.compile(
    r"""([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))""", re.DOTALL
)
_SEPARATOR = re.compile(r"[\s,]*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def challenges_of(header: str | None) -> list[Challenge]:
    """Every challenge of the header, in order; what cannot be read ends the list."""
    text = header or ""
    challenges: list[tuple[str, dict[str, str]]] = []
    at = 0
    while True:
        if separator := _SEPARATOR.match(text, at):
            at = separator.end()
        if parameter := _PARAMETER.match(text, at):
            at = parameter.end()
            name, quoted, plain = parameter.groups()
            if challenges:
                value = _ESCAPE.sub(r"\1", quoted) if quoted is not None else plain
                challenges[-1][1][name.lower()] = value
            continue
        scheme = _TOKEN.match(text, at)
        if not scheme:
            return [Challenge(name, parameters) for name, parameters in challenges]
        at = scheme.end()
        challenges.append((scheme.group().lower(), {}))


def says(header: str | None, error: str, scheme: str | None = None) -> bool:
    """Whether a challenge of this scheme, or of any, names this error."""
    return any(
        each.parameters.get("error") == error and scheme in (None, each.scheme)
        for each in challenges_of(header)
    )
