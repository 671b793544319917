"""MCP as a task: what is refused at the door is an answer that a model understands."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from network import API, Network, Transport, numbered, ok, own_problem

import remit_sdk.mcp1
from remit_sdk import UsageError
from remit_sdk.mcp import TaskClient, said_of


def answered(network: Network, method: str = "POST", **options: Any) -> httpx2.Response:
    """By the client of either generation, which have to say the same."""
    newer, older = (
        answered_by(network, method, **options),
        answered_by_older(network, method, **options),
    )
    assert (newer.status_code, newer.text) == (older.status_code, older.text)
    return newer


def answered_by_older(network: Network, method: str, **options: Any) -> httpx.Response:
    def answer(request: httpx.Request) -> httpx.Response:
        given = network.answered(request, request.content)  # type: ignore[arg-type]  # it looks the same
        return httpx.Response(given.status_code, headers=dict(given.headers), content=given.content)

    async def send() -> httpx.Response:
        async with (
            remit_sdk.mcp1.TaskClient(
                network.async_task(), transport=httpx.MockTransport(answer)
            ) as client,
            client.stream(method, f"{API}/mcp", **options) as response,
        ):
            await response.aread()
            return response

    return anyio.run(send)


def answered_by(network: Network, method: str, **options: Any) -> httpx2.Response:
    async def send() -> httpx2.Response:
        async with (
            TaskClient(network.async_task(), transport=Transport(network)) as client,
            client.stream(method, f"{API}/mcp", **options) as response,
        ):
            await response.aread()
            return response

    return anyio.run(send)


CALL = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "wipe"}}
LIST = {"jsonrpc": "2.0", "id": "a", "method": "tools/list"}
MODERN = {"mcp-protocol-version": "2026-07-28"}


def test_a_refused_call_is_the_result_of_a_tool() -> None:
    network = numbered(
        lambda _: own_problem(403, "task.closed", decision_id="dec_1", enough="another task")
    )
    reply = answered(network, json=CALL).json()
    assert reply["id"] == 7
    result = reply["result"]
    assert result["isError"] is True and result["_meta"] == {"remit/decision": "dec_1"}
    assert result["content"][0]["text"].startswith("DENIED, not executed (task.closed)")
    assert "another task" in result["content"][0]["text"]
    assert "resultType" not in result
    assert answered(network, json=CALL, headers=MODERN).json()["result"]["resultType"] == "complete"


def test_other_requests_get_an_error_of_json_rpc() -> None:
    network = numbered(lambda _: own_problem(403, "task.closed"))
    error = answered(network, json=LIST).json()["error"]
    assert (error["code"], error["data"]) == (-32001, {"code": "task.closed"})
    assert answered(network, json=LIST, headers=MODERN).json()["error"]["code"] == 403


def test_a_call_that_failed_says_whether_it_may_have_been_executed() -> None:
    for code, words in (
        ("upstream.timeout", "may have been executed"),
        ("api.not_decided", "nothing was executed"),
    ):
        network = numbered(lambda _, code=code: own_problem(504, code))
        assert words in answered(network, json=CALL).json()["result"]["content"][0]["text"]


def test_statuses_that_mean_something_to_the_transport_stay() -> None:
    for status in (404, 405):
        network = numbered(lambda _, status=status: own_problem(status, "mcp.unknown_session"))
        assert answered(network, json=CALL).status_code == status
        assert answered(network, "GET").status_code == status
    network = numbered(lambda _: own_problem(403, "task.closed"))
    assert answered(network, "DELETE").status_code == 403
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert answered(network, json=notification).status_code == 403


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"id": null, "method": "x"}', b'{"id": [1], "method": "x"}', b"\xff"],
)
def test_what_is_no_request_gets_the_status(body: bytes) -> None:
    network = numbered(lambda _: own_problem(403, "task.closed"))
    assert answered(network, content=body).status_code == 403


def test_what_went_well_stays_as_it_is_and_misuse_is_raised() -> None:
    network = numbered(ok)
    assert answered(network, json=CALL).text == "ok"
    assert network.to(API)[0].headers["authorization"] == "DPoP t1"

    async def misuse() -> None:
        async with TaskClient(network.async_task(), resource="https://other.example") as client:
            await client.get(API)

    with pytest.raises(UsageError):
        anyio.run(misuse)
    clients = remit_sdk.mcp1.task_clients(network.async_task())
    assert isinstance(clients({"x": "1"}), remit_sdk.mcp1.TaskClient)
    with pytest.raises(UsageError):
        clients(auth=httpx.BasicAuth("a", "b"))


def test_what_remit_says_beside_a_result() -> None:
    meta = {
        "remit/decision": "dec_1",
        "remit/told-again": True,
        "remit/retry-after": 12,
        "remit/approval": {
            "id": "req_1",
            "status": "pending",
            "url": "https://remit.example/approvals/req_1",
        },
    }
    said = said_of(SimpleNamespace(meta=meta))
    assert said.approval and (said.approval.id, said.approval.status) == ("req_1", "pending")
    assert (said.decision_id, said.told_again, said.retry_after) == ("dec_1", True, 12)
    for other in (
        None,
        [],
        {"remit/approval": "x", "remit/told-again": "yes", "remit/retry-after": True},
    ):
        said = said_of(SimpleNamespace(meta=other))
        assert (said.approval, said.told_again, said.retry_after, said.decision_id) == (
            None,
            False,
            None,
            None,
        )
