"""A network that answers what a test says, and keeps what was sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec

from remit_sdk import AgentIdentity, AsyncTask, RemitServer, Task
from remit_sdk.task.authority import Detail
from remit_sdk.task.held import Held
from remit_sdk.wire.keys import TaskKey
from remit_sdk.wire.signed import Signer

ISSUER = "https://remit.example"
API = "https://api.example/orders"
NOW = 1_800_000_000.0
SERVER = RemitServer(ISSUER, f"{ISSUER}/oauth/token", f"{ISSUER}/oauth/bc-authorize")
AGENT = AgentIdentity("bot", ec.generate_private_key(ec.SECP256R1()))
ALL: Detail = {"type": "remit_call", "locations": [API], "actions": ["orders.read"]}


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@dataclass
class Sent:
    """A request that went out."""

    method: str
    url: str
    headers: httpx2.Headers
    body: bytes

    @property
    def proof(self) -> dict[str, Any]:
        return claims_of(self.headers["dpop"]) if "dpop" in self.headers else {}

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def is_token(self) -> bool:
        return self.url == SERVER.token_endpoint


Answering = Callable[[Sent], httpx2.Response]


@dataclass
class Network:
    answer: Answering
    sent: list[Sent] = field(default_factory=list)

    def to(self, origin: str) -> list[Sent]:
        return [each for each in self.sent if each.url.startswith(origin)]

    def answered(self, request: httpx2.Request, body: bytes) -> httpx2.Response:
        sent = Sent(request.method, str(request.url), httpx2.Headers(request.headers), body)
        self.sent.append(sent)
        return self.answer(sent)

    def task(self, *details: Detail, **setting: Any) -> Task:
        client = httpx2.Client(transport=Transport(self))
        return Task(held(*details, **setting), client, owned=True)

    def async_task(self, *details: Detail, **setting: Any) -> AsyncTask:
        client = httpx2.AsyncClient(transport=Transport(self))
        return AsyncTask(held(*details, **setting), client, owned=True)


class Transport(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Reads what is sent as a network does: once, and without keeping it."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert isinstance(request.stream, httpx2.SyncByteStream)
        return self._network.answered(request, b"".join(request.stream))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        body = b"".join([part async for part in request.stream])
        return self._network.answered(request, body)


def held(*details: Detail, now: Callable[[], float] = lambda: NOW, **setting: Any) -> Held:
    return Held(
        SERVER, Signer(TaskKey(), now), now, "tsk_1", "task-token", details or (ALL,), **setting
    )


def numbered(answer: Answering) -> Network:
    """A network whose token endpoint numbers its tokens."""
    count = 0

    def with_tokens(sent: Sent) -> httpx2.Response:
        nonlocal count
        if not sent.is_token:
            return answer(sent)
        count += 1
        return a_token(f"t{count}")

    return Network(with_tokens)


def a_token(token: str, expires_in: float = 300, **more: object) -> httpx2.Response:
    return httpx2.Response(
        200,
        json={
            "access_token": token,
            "token_type": "DPoP",
            "task_id": "tsk_1",
            "expires_in": expires_in,
            **more,
        },
    )


def own_problem(
    status: int, code: str, headers: dict[str, str] | None = None, **more: object
) -> httpx2.Response:
    """An answer that only Remit gives."""
    body = {
        "type": f"urn:remit:problem:{code}",
        "status": status,
        "detail": f"because {code}",
        "code": code,
    }
    kind = {"content-type": "application/problem+json", "remit-answer": "own", **(headers or {})}
    return httpx2.Response(status, content=json.dumps({**body, **more}), headers=kind)


def ok(_: Sent) -> httpx2.Response:
    return httpx2.Response(200, text="ok")
