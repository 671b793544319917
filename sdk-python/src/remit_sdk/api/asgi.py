"""`RemitMiddleware`: a guard in front of any ASGI application (FastAPI, Starlette, Litestar, Quart, Django)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, MutableMapping, Sequence
from typing import Any

import anyio

from ..errors import UsageError
from .answer import ApiRefusal, answer_of
from .guard import Admitted, Guard, Incoming, Refused, RemitCall, Route
from .target import Target, ambiguous, read_target
from .telling import Message, Send, Telling, tell

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_KEY = "remit_sdk.call"
_JSON_TYPE = re.compile(r"application/json(?:[ \t]*;[ \t]*charset=utf-8)?", re.IGNORECASE)
_ONCE = frozenset(
    {"authorization", "content-type", "content-encoding", "content-length", "txn-token"}
)
"""Headers that two readers could read differently when they come twice."""


class RemitMiddleware:
    """
    Runs only what the guard lets through: `RemitMiddleware(app, guard, routes)`, or `app.add_middleware(RemitMiddleware,
    guard=guard, routes=routes)`. What is in no route is refused, unless its path is `public`: nothing is forgotten.
    """

    def __init__(
        self,
        app: Application,
        guard: Guard,
        routes: Sequence[Route],
        *,
        public: Collection[str] = (),
    ) -> None:
        self._app = app
        self._guard = guard
        self._routes = sorted(routes, key=lambda route: route.template.order)
        self._public = frozenset(public)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan" or _is_public(scope, self._public):
            await self._app(scope, receive, send)
        elif kind == "http":
            await self._guarded(scope, receive, send)
        elif kind == "websocket":
            # Nothing decides about what comes over it.
            await send({"type": "websocket.close", "code": 1008})
        else:
            raise UsageError(
                f"`{kind}` is not known here, so that nothing could be decided about it"
            )

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        try:
            route, incoming, body = await self._read(scope, receive)
            admission = await self._guard.admit(incoming, route)
        except ApiRefusal as refusal:
            if refusal.code in ("api.not_decided", "api.misconfigured"):
                self._guard.failed(refusal.cause or refusal)
            admission = Refused(answer_of(refusal, self._guard.identifier))
        except _Gone:
            return
        except Exception as error:  # noqa: BLE001  # whatever fails, nothing runs
            self._guard.failed(error)
            undecided = ApiRefusal("api.not_decided", "something failed here; nothing was done")
            admission = Refused(answer_of(undecided, self._guard.identifier))
        if isinstance(admission, Refused):
            await tell(send, admission.answer)
        else:
            await self._run(
                admission, {**scope, _KEY: admission.call}, _Replay(body, receive), send
            )

    async def _read(self, scope: Scope, receive: Receive) -> tuple[Route, Incoming, bytes]:
        headers = _headers_of(scope)
        raw_path, search, target = _target_of(scope)
        method = str(scope["method"])
        route, path = self._route_of(method, target)
        body = await _body_of(headers, receive, self._guard.max_body_bytes)
        text = _text_of(headers, body)
        client = scope.get("client")
        incoming = Incoming(
            method=method,
            raw_path=raw_path,
            search=search,
            target=target,
            path=path,
            headers=headers,
            text=text,
            ip=client[0] if client else None,
            certificate=_certificate_of(scope),
        )
        return route, incoming, body

    def _route_of(self, method: str, target: Target) -> tuple[Route, Any]:
        for route in self._routes:
            if (
                route.method == method
                and (path := route.template.match(target.segments)) is not None
            ):
                return route, path
        raise ApiRefusal("api.unknown_route", "no operation of this API is called so")

    async def _run(self, admitted: Admitted, scope: Scope, receive: Receive, send: Send) -> None:
        telling = Telling(send, admitted.answering)
        if admitted.answering:
            # Ways for an answer that go past here.
            scope = {**scope, "extensions": {}}
        try:
            await self._app(scope, receive, telling)
        except Exception:
            # Where its answer is withheld, that is what ended it, whatever became of the error on its way.
            if not telling.withheld:
                raise
        finally:
            # Also when nobody waits any more: the call began.
            with anyio.CancelScope(shield=True):
                await admitted.ended(telling.ended())


def call_of(request: Any) -> RemitCall:
    """
    The call that a handler runs for, by its request or ASGI scope: who, for whom, and with which arguments.
    Raises `UsageError` where no guard let it through.
    """
    scope = request if isinstance(request, MutableMapping) else getattr(request, "scope", {})
    call = scope.get(_KEY)
    if not isinstance(call, RemitCall):
        raise UsageError(
            "no guard stands in front of this: add `RemitMiddleware`, and a route for it"
        )
    return call


class _Gone(Exception):
    """Nobody waits for the answer any more."""


class _Replay:
    """Gives the body that was decided on, then whatever else comes: that the client has gone."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        body, self._body = self._body, None
        if body is None:
            return await self._receive()
        return {"type": "http.request", "body": body, "more_body": False}


def _is_public(scope: Scope, public: frozenset[str]) -> bool:
    """By the path as it arrived: nothing that is decoded or cut somewhere else becomes public."""
    raw = scope.get("raw_path")
    return isinstance(raw, bytes) and raw.decode("latin-1").partition("?")[0] in public


def _headers_of(scope: Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name_bytes, value_bytes in scope["headers"]:
        name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("latin-1")
        if name in headers and name in _ONCE:
            raise ApiRefusal("request.bad_header", f"`{name}` is there twice")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _target_of(scope: Scope) -> tuple[str, str, Target]:
    raw = scope.get("raw_path")
    if not isinstance(raw, bytes):
        raise ApiRefusal(
            "api.misconfigured", "the server does not tell the path as it arrived (`raw_path`)"
        )
    path, query = (
        raw.decode("latin-1").partition("?")[0],
        scope.get("query_string", b"").decode("latin-1"),
    )
    target = read_target(path, query)
    # INVARIANT: what the application routes by is what was decided on. It reads the decoded path.
    if any("/" in segment or segment in (".", "..") for segment in target.segments):
        raise ambiguous()
    if scope["path"] != "/" + "/".join(target.segments):
        raise ambiguous()
    return path, query, target


def _certificate_of(scope: Scope) -> str | None:
    """The TLS extension of ASGI lists the client's chain, its own certificate first."""
    tls = (scope.get("extensions") or {}).get("tls") or {}
    return next(iter(tls.get("client_cert_chain") or ()), None)


async def _body_of(headers: dict[str, str], receive: Receive, most: int) -> bytes:
    declared = headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > most:
        raise _too_large(most)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        body += message.get("body", b"")
        if len(body) > most:
            raise _too_large(most)
        if not message.get("more_body", False):
            return bytes(body)


def _text_of(headers: dict[str, str], body: bytes) -> str | None:
    if not body:
        return None
    plain = headers.get("content-encoding", "identity") == "identity"
    if not plain or not _JSON_TYPE.fullmatch(headers.get("content-type", "")):
        raise ApiRefusal(
            "request.unsupported_media_type", "only plain `application/json` is read here"
        )
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise ApiRefusal("input.malformed", "not UTF-8") from None


def _too_large(most: int) -> ApiRefusal:
    return ApiRefusal("input.too_large", f"a body has at most {most} bytes here")
