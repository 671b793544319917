"""`TaskAuth` for `requests`."""

from __future__ import annotations

import io
from typing import Any

import httpx2
import pytest
import requests
from network import API, ISSUER, Network, Sent, numbered, ok, own_problem
from requests.adapters import BaseAdapter
from test_calls import People, nonce_wanted, stale
from urllib3 import HTTPResponse

from remit_sdk import ApprovalRequired, CallFailed, Denied, UsageError
from remit_sdk.requests import TaskAuth


class Adapter(BaseAdapter):
    """Sends to a network of tests, and reads what is sent as a network does."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._network = network

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        body: Any = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        elif not isinstance(body, str | bytes):
            body = b"".join(body)
        sent = httpx2.Request(
            request.method or "", request.url or "", headers=dict(request.headers)
        )
        given = self._network.answered(sent, body.encode() if isinstance(body, str) else body)
        response = requests.Response()
        response.status_code = given.status_code
        response.headers.update(given.headers)
        response.raw = HTTPResponse(io.BytesIO(given.content), given.headers, preload_content=False)
        response.request = request
        response.url = request.url or ""
        response.connection = self  # type: ignore[attr-defined]  # as `HTTPAdapter` does
        return response

    def close(self) -> None:
        pass


def session_on(network: Network, **options: Any) -> requests.Session:
    session = requests.Session()
    session.mount("https://", Adapter(network))
    session.auth = TaskAuth(network.task(), **options)
    return session


def test_every_request_of_a_session_is_a_call_of_the_task() -> None:
    seen = iter(
        [nonce_wanted("n"), stale(), httpx2.Response(200, text="ok"), own_problem(403, "x.y")]
    )
    network = numbered(lambda _: next(seen))
    session = session_on(network)
    answer = session.post(f"{API}/1", json={"a": 1}, headers={"x-mine": "1"})
    assert (answer.text, len(answer.history)) == ("ok", 2)
    with pytest.raises(Denied, match=r"x\.y"):
        session.get(f"{API}/1")
    calls = network.to(API)
    assert [each.headers["authorization"] for each in calls] == [
        "DPoP t1",
        "DPoP t1",
        "DPoP t2",
        "DPoP t2",
    ]
    assert len({each.proof["jti"] for each in network.sent}) == len(network.sent)
    assert all(each.body == b'{"a": 1}' and each.headers["x-mine"] == "1" for each in calls[:3])
    assert calls[1].proof["nonce"] == "n"


@pytest.mark.parametrize("target", ["https://elsewhere.example/", f"{API}/2"])
def test_a_redirect_is_followed_with_nothing_of_the_task(target: str) -> None:
    def answer(sent: Sent) -> httpx2.Response:
        if sent.url == f"{API}/1":
            return httpx2.Response(307, headers={"location": target})
        return ok(sent)

    network = numbered(answer)
    assert session_on(network).post(f"{API}/1", data=b"x").status_code == 200
    first, second = (each for each in network.sent if not each.is_token)
    assert "dpop" in first.headers and second.url == target
    assert "dpop" not in second.headers and "authorization" not in second.headers


def test_neither_is_one_that_comes_after_a_repetition() -> None:
    seen = iter(
        [
            nonce_wanted("n"),
            httpx2.Response(307, headers={"location": "https://elsewhere.example/"}),
            httpx2.Response(200),
        ]
    )
    network = numbered(lambda _: next(seen))
    assert session_on(network).post(f"{API}/1", data=b"x").status_code == 200
    [last] = network.to("https://elsewhere.example/")
    assert "dpop" not in last.headers and "authorization" not in last.headers


def test_people_are_waited_for() -> None:
    people = People("approved")
    told: list[str] = []
    session = session_on(people.network, on_approval=lambda request: told.append(request.page))
    assert session.post(f"{API}/1", json={}).status_code == 200
    assert told == [f"{ISSUER}/approvals/req_1"] and len(people.network.to(API)) == 2
    with pytest.raises(ApprovalRequired) as refused:
        session_on(People("approved").network).post(f"{API}/1", json={})
    refused.value.wait()


def test_people_are_waited_for_while_remit_is_out_of_reach() -> None:
    people = People("approved")
    answer, fails = people.network.answer, iter([True, False, False])

    def failing(sent: Sent) -> httpx2.Response:
        if sent.url.startswith(f"{ISSUER}/v1") and next(fails, False):
            raise httpx2.ConnectError("gone")
        return answer(sent)

    people.network.answer = failing
    assert (
        session_on(people.network, on_approval="wait").post(f"{API}/1", json={}).status_code == 200
    )


def test_a_file_is_sent_again_from_where_it_was_and_a_stream_is_not() -> None:
    for answer in (nonce_wanted("n"), stale()):
        seen = iter([answer, httpx2.Response(200)])
        network = numbered(lambda _, seen=seen: next(seen))
        file = io.BytesIO(b"--content")
        file.seek(2)
        session_on(network).post(f"{API}/1", data=file)
        assert [each.body for each in network.to(API)] == [b"content", b"content"]
        network = numbered(lambda _, answer=answer: answer)
        with pytest.raises(UsageError):
            session_on(network).post(f"{API}/1", data=iter([b"x"]))
        assert len(network.to(API)) == 1


def test_a_huge_refusal_is_not_read_to_its_end() -> None:
    huge = own_problem(403, "x.y", more="x" * 2_000_000)
    with pytest.raises(CallFailed, match="no reason that can be read"):
        session_on(numbered(lambda _: huge)).get(f"{API}/1")


def test_an_address_that_asks_for_nothing_gets_nothing_of_ours() -> None:
    network = numbered(ok)
    session_on(network).get(
        "https://open.example/", headers={"DPoP": "a.b.c", "Authorization": "DPoP t"}
    )
    [sent] = network.sent
    assert "authorization" not in sent.headers and "dpop" not in sent.headers
