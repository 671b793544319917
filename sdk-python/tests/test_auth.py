"""`TaskAuth` on clients of other people: both libraries, streams, redirects, many calls at once."""

from __future__ import annotations

import io
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from network import AGENT, ALL, API, SERVER, Network, Sent, Transport, numbered, ok, own_problem
from test_calls import nonce_wanted, stale

import remit_sdk.httpx
import remit_sdk.httpx2
from remit_sdk import CallFailed, Denied, UsageError, open_task


def on_httpx(network: Network, **options: Any) -> httpx.Client:
    def answer(request: httpx.Request) -> httpx.Response:
        given = network.answered(request, request.read())  # type: ignore[arg-type]  # it looks the same
        return httpx.Response(given.status_code, headers=dict(given.headers), content=given.content)

    auth = remit_sdk.httpx.TaskAuth(network.task())
    return httpx.Client(transport=httpx.MockTransport(answer), auth=auth, **options)


def on_httpx2(network: Network, **options: Any) -> httpx2.Client:
    auth = remit_sdk.httpx2.TaskAuth(network.task())
    return httpx2.Client(transport=Transport(network), auth=auth, **options)


@pytest.mark.parametrize("client_on", [on_httpx, on_httpx2])
def test_every_request_of_a_client_is_a_call_of_the_task(client_on: Any) -> None:
    seen = iter(
        [nonce_wanted("n"), stale(), httpx2.Response(200, text="ok"), own_problem(403, "x.y")]
    )
    network = numbered(lambda _: next(seen))
    with client_on(network, headers={"x-mine": "1"}) as client:
        assert client.post(f"{API}/1", json={"a": 1}).text == "ok"
        with pytest.raises(Denied, match=r"x\.y"):
            client.get(f"{API}/1")
    calls = network.to(API)
    assert [each.headers["authorization"] for each in calls] == [
        "DPoP t1",
        "DPoP t1",
        "DPoP t2",
        "DPoP t2",
    ]
    assert len({each.proof["jti"] for each in network.sent}) == len(network.sent)
    assert {each.body for each in calls[:3]} == {calls[0].body}
    # What the client sends to APIs is no business of the token endpoint.
    assert not any("x-mine" in each.headers for each in network.sent if each.is_token)


@pytest.mark.parametrize("client_on", [on_httpx, on_httpx2])
def test_a_client_that_follows_redirects_is_told_what_to_change(client_on: Any) -> None:
    def answer(sent: Sent) -> httpx2.Response:
        if sent.url.startswith(API):
            return httpx2.Response(307, headers={"location": "https://elsewhere.example/"})
        return ok(sent)

    network = numbered(answer)
    with (
        client_on(network, follow_redirects=True) as client,
        pytest.raises(UsageError, match="follow_redirects"),
    ):
        client.get(f"{API}/1")
    assert not any(
        "authorization" in each.headers for each in network.to("https://elsewhere.example/")
    )


def test_a_request_that_follows_another_keeps_nothing_of_its_credential() -> None:
    network = numbered(ok)
    with on_httpx2(network) as client:
        stolen = {"authorization": "DPoP t0", "dpop": "a.b.c"}
        client.get("https://elsewhere.example/", headers=stolen)
        client.get(f"{API}/1", headers=stolen)
    elsewhere, _, call = network.sent
    assert "dpop" not in elsewhere.headers and "authorization" not in elsewhere.headers
    assert call.headers.get_list("dpop") != ["a.b.c"] and len(call.headers.get_list("dpop")) == 1


def test_what_is_streamed_is_not_read_before_its_reader() -> None:
    class Slow(httpx2.SyncByteStream):
        read = 0

        def __iter__(self) -> Any:
            for _ in range(3):
                Slow.read += 1
                yield b"x" * 1_000_000

    network = numbered(lambda _: httpx2.Response(200, stream=Slow()))
    with on_httpx2(network) as client, client.stream("GET", f"{API}/1") as response:
        assert Slow.read == 0
        assert sum(len(part) for part in response.iter_bytes()) == 3_000_000


def test_an_endless_refusal_is_not_read_to_its_end() -> None:
    class Endless(httpx2.SyncByteStream):
        def __iter__(self) -> Any:
            while True:
                yield b"x" * 100_000

    for response in (stale(), nonce_wanted("n"), own_problem(403, "x.y")):
        headers = {**response.headers}
        headers.pop("content-length", None)
        network = numbered(
            lambda _, status=response.status_code, headers=headers: httpx2.Response(
                status, headers=headers, stream=Endless()
            )
        )
        with on_httpx2(network) as client, pytest.raises(CallFailed, match="more than can be read"):
            client.get(f"{API}/1")


def test_a_form_with_files_is_sent_again_whole() -> None:
    seen = iter([nonce_wanted("n"), httpx2.Response(200)])
    network = numbered(lambda _: next(seen))
    network.task().post(f"{API}/1", files={"file": io.BytesIO(b"content")})
    first, second = network.to(API)
    assert first.body == second.body and b"content" in second.body


def test_calls_at_the_same_time_do_not_wait_for_each_other() -> None:
    network = numbered(lambda sent: ok(sent) if sent.proof.get("nonce") else nonce_wanted("n"))

    async def all_of_them() -> None:
        task = network.async_task()
        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(task.get, f"{API}/{number}")

    anyio.run(all_of_them)
    ids = [each.proof["jti"] for each in network.sent]
    assert len(set(ids)) == len(ids)


def test_a_task_of_one_kind_with_a_client_of_the_other() -> None:
    network = numbered(lambda sent: ok(sent) if sent.proof.get("nonce") else nonce_wanted("n"))

    async def call() -> int:
        auth = remit_sdk.httpx2.TaskAuth(network.task())
        async with httpx2.AsyncClient(transport=Transport(network), auth=auth) as client:
            return (await client.get(f"{API}/1")).status_code

    assert anyio.run(call) == 200
    auth = remit_sdk.httpx2.TaskAuth(network.async_task())
    with (
        httpx2.Client(transport=Transport(network), auth=auth) as client,
        pytest.raises(UsageError),
    ):
        client.get(f"{API}/1")


def test_the_requests_of_a_task_itself_go_through_the_client_that_it_was_given() -> None:
    network = numbered(ok)

    def answer(request: httpx.Request) -> httpx.Response:
        given = network.answered(request, request.content)  # type: ignore[arg-type]  # it looks the same
        return httpx.Response(given.status_code, headers=dict(given.headers), content=given.content)

    class Ours(httpx.Client):
        pass

    client = Ours(transport=httpx.MockTransport(answer))
    task = open_task(SERVER, AGENT, subject_token="x", purpose="x", details=[ALL], client=client)
    task._held.learn(API)
    assert isinstance(task.get(f"{API}/1"), httpx.Response)
    task.close()
    assert not client.is_closed, "it is not ours"
    assert [each.method for each in network.sent] == ["POST", "POST", "GET", "DELETE"]


def test_addresses_that_a_model_makes_up_do_not_fill_the_memory() -> None:
    network = numbered(lambda _: httpx2.Response(200, headers={"dpop-nonce": "n"}))
    task = network.task(*({**ALL, "locations": [f"https://{n}.example"]} for n in range(1200)))
    for number in range(1200):
        task.get(f"https://{number}.example/x")
    assert len(task._held.signer._nonces) <= 1000
