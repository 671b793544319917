from __future__ import annotations

import time
from typing import Any

import anyio
import pytest
from network import Network

from remit_sdk import Detail


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waiting takes no time; what was waited is kept."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(time, "sleep", waited.append)
    monkeypatch.setattr(anyio, "sleep", sleep)
    return waited


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Sync:
    """A task and how its methods are called."""

    def __init__(self, network: Network, *details: Detail, **setting: Any) -> None:
        self.task: Any = network.task(*details, **setting)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.task, name)


class Async:
    """As `Sync`, with an `AsyncTask`: each method runs in a loop of its own."""

    def __init__(self, network: Network, *details: Detail, **setting: Any) -> None:
        self.task: Any = network.async_task(*details, **setting)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.task, name)
        return lambda *args, **options: anyio.run(lambda: method(*args, **options))


@pytest.fixture(params=[Sync, Async])
def opened(request: pytest.FixtureRequest) -> Any:
    """Opens a task of either kind on a network."""
    return request.param
