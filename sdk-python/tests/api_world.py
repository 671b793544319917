"""An API with a guard in front of it, and an issuer whose tokens are made by hand."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import anyio
import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from remit_sdk.api import Guard, RemitMiddleware, Route, call_of, direct
from remit_sdk.wire.keys import TaskKey, thumbprint

ISSUER = "https://remit.example"
LOCATION = "https://gw.example/shop"
RESOURCE = "https://shop.example"
NOW = 1_800_000_000.0
KEY = ec.generate_private_key(ec.SECP256R1())
JWK = {
    **json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(KEY.public_key())),
    "kid": "k1",
    "alg": "ES256",
}
TASK_KEY = TaskKey()
ROUTES = [
    Route("POST", "/items/{item}/orders", action="shop.buy"),
    Route("GET", "/items/{item}", action="shop.look"),
    Route("GET", "/reports", action="shop.report"),
]


def signed(
    claims: dict[str, Any], typ: str, key: Any = KEY, alg: str = "ES256", **head: Any
) -> str:
    headers = {
        name: value
        for name, value in {"typ": typ, "kid": "k1", **head}.items()
        if value is not None
    }
    return jwt.encode(claims, key, alg, headers=headers)


def parties() -> dict[str, Any]:
    return {
        "sub": "psn_1",
        "sub_profile": "user",
        "sub_id": {"format": "iss_sub", "iss": "https://idp.example", "sub": "sam"},
        "act": {"iss": ISSUER, "sub": "bot", "sub_profile": "ai_agent"},
    }


def transaction(arguments: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    tctx = {
        "task": {"id": "tsk_1", "purpose": "buy"},
        "location": LOCATION,
        "action": "shop.buy",
        "arguments": {"item": "lamp", "amount": "12.50"} if arguments is None else arguments,
        **more.pop("tctx", {}),
    }
    return {
        "iss": ISSUER,
        "aud": "test.remit",
        "iat": int(NOW),
        "exp": int(NOW) + 60,
        "txn": "dec_1",
        "scope": tctx["action"],
        "req_wl": "https://gw.example",
        "tctx": tctx,
        **parties(),
        **more,
    }


def resource_claims(**more: Any) -> dict[str, Any]:
    detail = {
        "type": "remit_call",
        "locations": [RESOURCE],
        "actions": ["shop.buy", "shop.look"],
        "bounds": [{"path": "/item", "op": "eq", "value": "lamp"}],
    }
    return {
        "iss": ISSUER,
        "aud": RESOURCE,
        "iat": int(NOW),
        "exp": int(NOW) + 300,
        "jti": "t1",
        "client_id": "tsk_1",
        "task": {"id": "tsk_1", "purpose": "look", "ep": "e" * 22},
        "cnf": {"jkt": thumbprint(TASK_KEY.public_jwk)},
        "authorization_details": [detail],
        **parties(),
        **more,
    }


def keys(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(
        200, json={"keys": [JWK, {"kid": "other", "kty": "oct", "k": "eA"}, "x"]}
    )


def client(answer: Callable[[httpx2.Request], httpx2.Response] = keys) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.MockTransport(answer))


class Shop:
    """An application that says what it was called with. It counts how often it ran."""

    routes = ROUTES

    def __init__(self, guard: Guard, **options: Any) -> None:
        self.ran: list[Any] = []
        self.app = RemitMiddleware(self._run, guard, self.routes, **options)
        self.status = 200

    async def _run(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while scope["type"] == "http":
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.ran.append(call_of(scope) if "remit_sdk.call" in scope else None)
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": self.status, "headers": []})
            await send({"type": "http.response.body", "body": body})

    def call(
        self,
        method: str = "POST",
        target: str = "/items/lamp/orders",
        headers: list[tuple[str, str]] | dict[str, str] | None = None,
        body: bytes | list[bytes] = b'{"amount": 12.50}',
        **scope: Any,
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, problem and headers. Without headers of its own, a body is JSON."""
        listed = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
        if body and not any(name.lower() == "content-type" for name, _ in listed):
            listed.append(("content-type", "application/json"))
        parts = body if isinstance(body, list) else [body]
        messages = [
            {"type": "http.request", "body": part, "more_body": index < len(parts) - 1}
            for index, part in enumerate(parts)
        ]
        sent = self.raw(method, target, listed, messages, **scope)
        start, content = sent[0], b"".join(each.get("body", b"") for each in sent[1:])
        answered = {name.decode(): value.decode() for name, value in start["headers"]}
        try:
            return start["status"], json.loads(content), answered
        except ValueError:
            return start["status"], {}, answered

    def raw(
        self,
        method: str,
        target: str,
        headers: list[tuple[str, str]],
        messages: list[dict[str, Any]],
        **scope: Any,
    ) -> list[dict[str, Any]]:
        path, _, query = target.partition("?")
        sent: list[dict[str, Any]] = []
        arriving = iter([*messages, {"type": "http.disconnect"}])

        async def receive() -> Any:
            return next(arriving)

        async def send(message: Any) -> None:
            sent.append(message)

        full = {
            "type": "http",
            "method": method,
            "raw_path": path.encode("latin-1"),
            "path": _decoded(path),
            "query_string": query.encode("latin-1"),
            "headers": [
                (name.lower().encode(), value.encode("latin-1")) for name, value in headers
            ],
            "client": ("192.0.2.1", 1),
            **scope,
        }
        anyio.run(lambda: self.app(full, receive, send))
        return sent


def _decoded(path: str) -> str:
    from urllib.parse import unquote

    return unquote(path)


def proof(
    method: str = "POST", url: str = f"{RESOURCE}/items/lamp/orders", token: str = "", **more: Any
) -> str:
    ath = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    claims = {"jti": "p1", "htm": method, "htu": url, "iat": int(NOW), "ath": ath, **more}
    head = {"typ": "dpop+jwt", "jwk": TASK_KEY.public_jwk}
    return jwt.encode(claims, TASK_KEY._private, "ES256", headers=head)


def txn(claims: dict[str, Any] | None = None, **head: Any) -> dict[str, str]:
    return {"txn-token": signed(claims or transaction(), "txntoken+jwt", **head)}


class Remit:
    """Answers what a test says about calls, and keeps what it was told."""

    def __init__(self, verdict: Any, outcomes: list[httpx2.Response] | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.outcomes: list[dict[str, Any]] = []
        self.verdict = verdict
        self._answers = iter(outcomes or [])
        self.told: list[BaseException] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        assert request.headers["authorization"] == "Bearer enf_secret-of-the-shop"
        if request.url.path == "/v1/calls":
            self.asked.append(body)
            return (
                self.verdict
                if isinstance(self.verdict, httpx2.Response)
                else httpx2.Response(200, json=self.verdict)
            )
        assert request.url.path == "/v1/calls/dec_1/outcome"
        self.outcomes.append(body)
        return next(self._answers, httpx2.Response(200, json={}))

    def shop(self, **options: Any) -> Shop:
        settings = {
            "issuer": ISSUER,
            "resource": RESOURCE,
            "secret": "enf_secret-of-the-shop",
            "client": client(self),
        }
        return Shop(direct(**{**settings, "on_error": self.told.append, **options}))


PERMIT: dict[str, Any] = {
    "decision": True,
    "decision_id": "dec_1",
    "valid_for_ms": 5000,
    "action": "shop.buy",
    "agent": "bot",
    "chain": ["bot"],
    "person": {"id": "psn_1", "issuer": "https://idp.example", "subject": "sam"},
    "task": {"id": "tsk_1", "purpose": "buy"},
    "arguments": {"item": "lamp", "amount": "12.50"},
}
CREDENTIAL = {"authorization": "DPoP t.o.k", "dpop": "p.r.f"}
