"""What was used once already."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable
from typing import Protocol


class UsedOnce(Protocol):
    """Remembers what was used. Behind more than one process it has to be shared: a database, a key-value store."""

    def use(self, id: str, expires_at: float) -> bool | Awaitable[bool]:
        """True for the first caller with this id, false for everyone after. May be forgotten after `expires_at`, epoch seconds."""
        ...


class UsedInMemory:
    """In this process, forgotten with it. Memory is bounded by how many calls come within the life of a token."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._used: dict[str, float] = {}
        self._sweep_at = 0.0
        self._lock = threading.Lock()

    def use(self, id: str, expires_at: float) -> bool:
        now = self._now()
        with self._lock:
            if now >= self._sweep_at:
                self._used = {each: end for each, end in self._used.items() if end >= now}
                self._sweep_at = now + 1
            if id in self._used:
                return False
            self._used[id] = expires_at
            return True
