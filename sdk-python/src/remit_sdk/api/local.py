"""What guards share that look at a token alone: nothing is looked up anywhere but the issuer's keys."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from typing import Any, TypedDict, TypeVar

from ..errors import UsageError
from .answer import ApiRefusal
from .arguments import ReadArguments, read_arguments
from .exact_json import read_exact_json, require_exact_numbers
from .guard import Incoming
from .tokens import IssuerKeys, Misfit, Trust, Unfit, new_client, verified
from .used_once import UsedInMemory, UsedOnce

T = TypeVar("T")


class LocalOptions(TypedDict, total=False):
    """Settings of every guard that looks at a token alone."""

    jwks_uri: str
    """Where the issuer's keys are. Default: `<issuer>/oauth/jwks`."""
    used_once: UsedOnce
    """What was used. Default: in this process; several processes have to share one."""
    max_body_bytes: int
    client: Any
    """An `httpx2.AsyncClient` that reads the keys."""
    now: Callable[[], float]
    on_error: Callable[[BaseException], None]
    """Told what failed here and is answered with 5xx, and where a token that Remit signed does not fit what is said here."""


class LocalGuard:
    """`token` is what people call its tokens, `refused` the code for one that does not hold."""

    token: str
    type: str
    refused: str
    life: float
    """Seconds that a token lives at most."""
    most: int
    """Bytes of a body, by default."""

    def __init__(self, issuer: str, audience: str, identifier: str, options: LocalOptions) -> None:
        now = options.get("now", time.time)
        keys = IssuerKeys(issuer, options.get("jwks_uri"), new_client(options.get("client"), 5.0))
        self._trust = Trust(issuer, audience, self.type, self.life, keys, now)
        self._used_once = options.get("used_once") or UsedInMemory(now)
        self._on_error = options.get("on_error")
        self.identifier = identifier
        self.max_body_bytes = options.get("max_body_bytes", self.most)

    def failed(self, error: BaseException) -> None:
        if self._on_error:
            self._on_error(error)

    async def _read(self, token: str, read: Callable[[Mapping[str, Any]], T]) -> T:
        """What `read` makes of the claims of a token that holds. Raises `ApiRefusal`."""
        try:
            return read(await verified(token, self._trust))
        except Unfit as error:
            if isinstance(error, Misfit):
                self.failed(UsageError(f"a {self.token} does not hold: {error}"))
            detail = f"the {self.token} does not hold: signature, type, issuer, audience or age"
            raise ApiRefusal(self.refused, detail) from None

    async def _use(self, id: str, expires_at: float) -> bool:
        """True: it is used now. Raises `ApiRefusal` where that cannot be told."""
        try:
            answer = self._used_once.use(id, expires_at)
            return (await answer if inspect.isawaitable(answer) else answer) is True
        except Exception as error:
            raise ApiRefusal(
                "api.not_decided", "something failed here; nothing was done", error
            ) from error


def arguments_of(incoming: Incoming) -> ReadArguments:
    """Reads them once the credentials hold: a stranger is told nothing of a body. Raises `ApiRefusal`."""
    if incoming.text is None:
        return read_arguments(incoming.path, incoming.target.query, None)
    body = read_exact_json(incoming.text)
    require_exact_numbers(incoming.text)
    return read_arguments(incoming.path, incoming.target.query, body)
