"""Answers of handlers on their way out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .answer import Answer
from .answers import MAX_ANSWER, OF_THE_ANSWER, Answering, HandlersAnswer, plain_type
from .guard import Ended

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


class Withheld(Exception):
    """The answer of a handler that nobody is told. Ends the handler."""


class Telling:
    """`send` of one call: passes its answer on; or holds it until it can be told as it has to be."""

    def __init__(self, send: Send, answering: Answering | None) -> None:
        self._send = send
        self._answering = answering
        self._start: Message | None = None
        self._kept: bytearray | None = bytearray()
        self._status: int | None = None
        self.withheld = False
        """True: nothing more of the handler's is told."""

    async def __call__(self, message: Message) -> None:
        kind = message["type"]
        if self.withheld:
            raise Withheld
        if kind == "http.response.start":
            self._start = message
        if self._answering is None:
            await self._send(message)
            if kind == "http.response.start":
                self._status = message["status"]
        elif self._answering.holds:
            await self._hold(self._answering, message)
        else:
            await self._send(message)
            if kind == "http.response.start":
                self._status = message["status"]
            elif kind == "http.response.body":
                self._keep(message.get("body", b""))

    def ended(self) -> Ended:
        """How the call ended, as far as is known now."""
        if self._status is None or self._answering is None or self._start is None:
            return Ended(self._status)
        return Ended(self._status, self._answering.amounts(self._answer(self._start)))

    async def _hold(self, answering: Answering, message: Message) -> None:
        start = self._start
        if message["type"] == "http.response.start":
            return
        if message["type"] != "http.response.body" or start is None:
            self.withheld = True
            raise Withheld(f"`{message['type']}` is not known here")
        part = message.get("body", b"")
        self._keep(part)
        answer = self._answer(start)
        hopeless = self._kept is None or (part and answer.misfit)
        if message.get("more_body", False) and not hopeless:
            return
        self._status = start["status"]
        told = answering.tell(answer)
        if isinstance(told, Answer):
            self.withheld = True
            await tell(self._send, told)
            raise Withheld
        await self._send({**start, "trailers": False, "headers": self._headers(start, told)})
        await self._send({"type": "http.response.body", "body": told})

    def _headers(self, start: Message, told: bytes) -> list[tuple[bytes, bytes]]:
        """Without what they say of the answer that it was."""
        kept = [
            (
                name,
                plain_type(value.decode("latin-1")).encode("latin-1")
                if name.lower() == b"content-type"
                else value,
            )
            for name, value in start.get("headers", [])
            if name.lower().decode("latin-1") not in OF_THE_ANSWER
        ]
        return [*kept, (b"content-length", str(len(told)).encode())] if told else kept

    def _keep(self, part: bytes) -> None:
        if self._kept is not None and len(self._kept) + len(part) <= MAX_ANSWER:
            self._kept += part
        else:
            self._kept = None

    def _answer(self, start: Message) -> HandlersAnswer:
        headers = {
            name.lower(): value.decode("latin-1") for name, value in start.get("headers", [])
        }
        body = None if self._kept is None else bytes(self._kept)
        encoding = headers.get(b"content-encoding", "")
        return HandlersAnswer(headers.get(b"content-type", ""), encoding, body)


async def tell(send: Send, answer: Answer) -> None:
    """Sends an answer of the guard's."""
    headers = [(name.encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
