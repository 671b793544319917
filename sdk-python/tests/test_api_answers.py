"""What permits oblige to with the answer of a call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from api_world import ISSUER, RESOURCE, Shop, client
from test_api_guards import CREDENTIAL, PERMIT, Remit

from remit_sdk.api import Route, direct
from remit_sdk.api.answers import (
    Answering,
    AnswerPart,
    HandlersAnswer,
    Obligation,
    Unfit,
    admits_json,
    amounts_in,
)
from remit_sdk.api.exact_json import read_exact_json

VECTORS = json.loads((Path(__file__).parents[2] / "test/vectors/answers.json").read_text("utf-8"))
KEY = bytes.fromhex(VECTORS["hashKey"])


@pytest.mark.parametrize("vector", VECTORS["told"])
def test_an_answer_is_told_as_the_gateway_tells_it(vector: dict[str, Any]) -> None:
    obligations = [Obligation(each["type"], each["properties"]) for each in vector["obligations"]]
    answer = HandlersAnswer("application/json", "", vector["answer"].encode())
    try:
        told = Answering(obligations, [], KEY, "dec_1").tell(answer)
    except Unfit:
        told = None
    assert (told.decode() if isinstance(told, bytes) else None) == vector["told"]


@pytest.mark.parametrize("vector", VECTORS["amounts"])
def test_amounts_are_read_as_the_gateway_reads_them(vector: dict[str, Any]) -> None:
    try:
        answer = read_exact_json(vector["answer"])
    except Exception:  # noqa: BLE001  # what cannot be read says nothing
        assert vector["amount"] is None
        return
    part = AnswerPart(vector["limit"], vector["path"])
    amounts = amounts_in(answer, [part])
    assert (amounts[0]["amount"] if amounts else None) == vector["amount"]


REDACT = [{"type": "redact", "properties": {"paths": "/email"}}]
SETTLES = [{"limit": "charged", "path": "/total"}]
JSON_HEADERS = [
    (b"content-type", b'application/json; profile="a@b"'),
    (b"etag", b'"a@b"'),
    (b"x-plain", b"stays"),
]


class Answers:
    """A shop whose handler answers what a test says, part by part, and counts what it got rid of."""

    def __init__(
        self,
        parts: list[bytes],
        headers: list[tuple[bytes, bytes]] | None = None,
        *,
        permit: dict[str, Any] | None = None,
    ) -> None:
        self.remit = Remit({**PERMIT, "obligations": REDACT, "settles": SETTLES, **(permit or {})})
        guard = direct(
            issuer=ISSUER,
            resource=RESOURCE,
            secret="enf_secret-of-the-shop",
            client=client(self.remit),
            hash_key=KEY,
            on_error=self.remit.told.append,
        )
        self.shop = Shop(guard)
        self.sent = 0
        self.extensions: Any = None
        self._parts = parts
        self._headers = JSON_HEADERS if headers is None else headers
        self.shop.app._app = self._run
        self.fails = False

    async def _run(self, scope: Any, _: Any, send: Any) -> None:
        self.extensions = scope.get("extensions")
        await send({"type": "http.response.start", "status": 201, "headers": self._headers})
        for part in self._parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
            self.sent += 1
        if self.fails:
            raise ZeroDivisionError
        await send({"type": "http.response.body", "body": b""})

    def messages(self) -> list[dict[str, Any]]:
        body = [{"type": "http.request", "body": b'{"amount": 12.50}', "more_body": False}]
        headers = [*CREDENTIAL.items(), ("content-type", "application/json")]
        extensions = {"http.response.pathsend": {}}
        return self.shop.raw("POST", "/items/lamp/orders", headers, body, extensions=extensions)


def test_an_answer_is_held_and_told_as_it_has_to_be() -> None:
    answers = Answers([b'{"email":"a@b.example","total":', b"12.50}"])
    start, body = answers.messages()
    assert (start["status"], body["body"]) == (201, b'{"email":"[redacted]","total":12.50}')
    assert start["headers"] == [
        (b"content-type", b"application/json"),
        (b"x-plain", b"stays"),
        (b"content-length", b"36"),
    ]
    assert answers.remit.asked[0]["obligations"] == ["redact", "cap", "hash"]
    amounts = [{"limit": "charged", "path": "/total", "amount": "12.5"}]
    assert answers.remit.outcomes == [{"state": "answered", "status": 201, "amounts": amounts}]
    assert answers.extensions == {}, "no way around"


@pytest.mark.parametrize(
    ("parts", "headers"),
    [
        ([b"{"], None),
        ([b'{"email":1,"email":2}'], None),
        ([b"\xff"], None),
        ([b"x" * 1_000_000] * 100, None),
        ([b"data: x\n\n"] * 100, [(b"content-type", b"text/event-stream")]),
        ([b"\x1f\x8b"], [*JSON_HEADERS, (b"content-encoding", b"gzip")]),
        ([b"{}"], [(b"content-type", b"application/json; charset=utf-16")]),
        ([b"{}"], []),
    ],
)
def test_what_cannot_be_told_is_withheld_and_on_record(parts: list[bytes], headers: Any) -> None:
    answers = Answers(parts, headers)
    start, body = answers.messages()
    problem = json.loads(body["body"])
    assert (start["status"], problem["code"], problem["decision_id"]) == (
        502,
        "obligation.failed",
        "dec_1",
    )
    assert answers.remit.outcomes == [{"state": "answered", "status": 201}]
    assert answers.sent <= 2, "nothing runs for nobody"


def test_an_answer_without_a_body_is_told() -> None:
    start, body = Answers([], []).messages()
    assert (start["status"], body["body"]) == (201, b"")


def test_an_answer_that_is_only_read_passes_as_it_comes() -> None:
    answers = Answers([b'{"total":', b"3}"], permit={"obligations": []})
    start, *parts = answers.messages()
    assert start["headers"] == JSON_HEADERS
    assert [each["body"] for each in parts] == [b'{"total":', b"3}", b""]
    assert answers.remit.outcomes[0]["amounts"] == [
        {"limit": "charged", "path": "/total", "amount": "3"}
    ]
    huge = Answers([b" " * 1_000_000] * 3, permit={"obligations": []})
    assert sum(len(each["body"]) for each in huge.messages()[1:]) == 3_000_000
    assert huge.remit.outcomes == [{"state": "answered", "status": 201}]


def test_a_handler_that_fails_before_its_answer_is_whole_tells_nothing_of_it() -> None:
    answers = Answers([b'{"email":"a@b.example"}'])
    answers.fails = True
    sent: list[Any] = []
    with pytest.raises(ZeroDivisionError):
        sent += answers.messages()
    assert (sent, answers.remit.outcomes) == ([], [{"state": "failed"}])


def test_another_way_to_answer_is_none() -> None:
    answers = Answers([])

    async def path_send(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": JSON_HEADERS})
        await send({"type": "http.response.pathsend", "path": "/etc/passwd"})

    answers.shop.app._app = path_send
    assert answers.messages() == []


def test_what_cannot_be_read_when_it_comes_is_not_begun() -> None:
    for accept, obligations in (
        (None, 3),
        ("text/html, */*;q=0.1", 3),
        ("application/problem+json", 3),
        ("text/plain", 0),
    ):
        remit = Remit(httpx2.Response(500))
        shop = remit.shop(hash_key=KEY)
        shop.call(headers={**CREDENTIAL, **({} if accept is None else {"accept": accept})})
        assert len(remit.asked[0]["obligations"]) == obligations, accept
    remit = Remit(httpx2.Response(500))
    shop = remit.shop()
    shop.app._routes = [Route("POST", "/items/{item}/orders", "shop.buy", json=False)]
    shop.call(headers=CREDENTIAL)
    assert remit.asked[0]["obligations"] == []
    assert not admits_json("application/jsonp")
