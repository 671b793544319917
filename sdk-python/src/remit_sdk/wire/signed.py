"""Requests signed by the key of one task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from .address import origin_of
from .challenge import says
from .flow import Answer, Attempt, Flow, Request
from .keys import TaskKey
from .problem import object_of

_MAX_ORIGINS = 1000
"""So that addresses a model makes up cannot fill the memory."""


class Signer:
    """
    Signs requests with one task's key. Every server is told the nonce that it gave last (RFC 9449 section 8
    and 9), each origin its own; a request that was refused for its nonce is sent once more.
    """

    def __init__(self, key: TaskKey, now: Callable[[], float]) -> None:
        self._key = key
        self._now = now
        self._nonces: dict[str, str] = {}

    def send(
        self, sending: Request | Attempt, method: str, url: str, token: str | None = None
    ) -> Flow[Answer]:
        """The answer, after one repetition where a nonce was missing. No lock is held while it is out."""
        first = yield from self._once(sending, method, url, token)
        if not _wants_nonce(first):
            return first
        return (yield from self._once(sending, method, url, token))

    def _once(
        self, sending: Request | Attempt, method: str, url: str, token: str | None
    ) -> Flow[Answer]:
        origin = origin_of(url)
        nonce = self._nonces.get(origin)
        headers: Mapping[str, str] = {
            **sending.headers,
            "dpop": self._key.proof(method, url, self._now(), token=token, nonce=nonce),
            **({} if token is None else {"authorization": f"DPoP {token}"}),
        }
        answer: Answer = yield replace(sending, headers=headers)
        given = answer.headers.get("dpop-nonce")
        if given and (origin in self._nonces or len(self._nonces) < _MAX_ORIGINS):
            self._nonces[origin] = given
        return answer


def _wants_nonce(answer: Answer) -> bool:
    """At a resource it is said in the challenge, at the token endpoint in the body."""
    if "dpop-nonce" not in answer.headers:
        return False
    if answer.status == 401:
        return says(answer.headers.get("www-authenticate"), "use_dpop_nonce", "dpop")
    return answer.status == 400 and object_of(answer.body).get("error") == "use_dpop_nonce"
