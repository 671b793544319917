"""Calls of a task: nonces, tokens, refusals, approvals, addresses that are not known. Each with both kinds of task."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from network import ALL, API, ISSUER, NOW, Network, Sent, a_token, numbered, ok, own_problem

from remit_sdk import AlreadyExecuted, ApprovalRequired, CallFailed, Denied, UsageError

Opened = Callable[..., Any]


def nonce_wanted(nonce: str) -> httpx2.Response:
    """RFC 9449 section 9."""
    challenge = {"www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": nonce}
    return httpx2.Response(401, headers=challenge)


def nonce_wanted_at_tokens(nonce: str) -> httpx2.Response:
    """RFC 9449 section 8."""
    return httpx2.Response(400, json={"error": "use_dpop_nonce"}, headers={"dpop-nonce": nonce})


def stale(error: str = "invalid_token") -> httpx2.Response:
    return own_problem(401, "token.stale", {"www-authenticate": f'DPoP error="{error}"'})


def tokens(sent: list[Sent]) -> list[str | None]:
    return [each.headers.get("authorization") for each in sent]


def test_a_server_gets_its_nonce_in_a_fresh_proof_and_is_told_it_from_then_on(
    opened: Opened,
) -> None:
    wanted = {"token": "a", "call": "b"}

    def answer(sent: Sent) -> httpx2.Response:
        nonce = sent.proof.get("nonce")
        if sent.is_token:
            return (
                a_token("t1")
                if nonce == wanted["token"]
                else nonce_wanted_at_tokens(wanted["token"])
            )
        return ok(sent) if nonce == wanted["call"] else nonce_wanted(wanted["call"])

    network = Network(answer)
    task = opened(network)
    assert task.get(f"{API}/1").status_code == 200
    assert task.get(f"{API}/1").status_code == 200
    assert [each.proof.get("nonce") for each in network.sent] == [None, "a", None, "b", "b"]
    ids = [each.proof["jti"] for each in network.sent]
    assert len(set(ids)) == len(ids), "no proof is used twice"
    wanted["call"] = "c"
    assert task.get(f"{API}/1").status_code == 200
    assert [each.proof.get("nonce") for each in network.to(API)] == [None, "b", "b", "b", "c"]


def test_a_nonce_changes_with_any_answer_and_is_told_no_other_server(opened: Opened) -> None:
    other = "https://other.example/api"

    def answer(sent: Sent) -> httpx2.Response:
        return httpx2.Response(200, headers={"dpop-nonce": httpx2.URL(sent.url).host})

    network = numbered(answer)
    details = [{"locations": [each], "actions": ["x"]} for each in (API, other)]
    task = opened(network, *details)
    for url in [API, other, API, other]:
        task.get(f"{url}/1")
    calls = [each for each in network.sent if not each.is_token]
    assert [each.proof.get("nonce") for each in calls] == [
        None,
        None,
        "api.example",
        "other.example",
    ]
    assert all("nonce" not in each.proof for each in network.sent if each.is_token)


def test_a_server_that_is_never_content_is_asked_twice_and_no_more(opened: Opened) -> None:
    count = iter(range(100))
    network = numbered(lambda _: nonce_wanted(str(next(count))))
    assert opened(network).get(f"{API}/1").status_code == 401
    assert len(network.to(API)) == 2


def test_only_what_can_be_sent_again_is(opened: Opened) -> None:
    for answer in (nonce_wanted("n"), stale()):
        network = numbered(lambda _, answer=answer: answer)
        task = opened(network)

        def parts() -> Any:
            yield b"{}"

        async def parts_async() -> Any:
            yield b"{}"

        content = parts() if opened.__name__ == "Sync" else parts_async()
        with pytest.raises(UsageError):
            task.post(f"{API}/1", content=content)
        assert len(network.to(API)) == 1


def test_a_call_that_is_refused_for_its_token_is_made_once_more_with_a_fresh_one(
    opened: Opened,
) -> None:
    network = numbered(
        lambda sent: stale() if sent.headers["authorization"] == "DPoP t1" else ok(sent)
    )
    task = opened(network)
    assert task.post(f"{API}/1", json={}).status_code == 200
    assert task.post(f"{API}/1", json={}).status_code == 200
    assert tokens(network.to(API)) == ["DPoP t1", "DPoP t2", "DPoP t2"]

    network = numbered(lambda _: stale())
    with pytest.raises(Denied) as refused:
        opened(network).post(f"{API}/1", json={})
    assert (refused.value.code, refused.value.status) == ("token.stale", 401)
    assert tokens(network.to(API)) == ["DPoP t1", "DPoP t2"]
    for error in ("invalid_dpop_proof", "insufficient_scope", "invalid_request"):
        network = numbered(lambda _, error=error: stale(error))
        with pytest.raises(Denied):
            opened(network).post(f"{API}/1", json={})
        assert len(network.to(API)) == 1


@pytest.mark.parametrize(
    "code",
    [
        *["api.misconfigured", "api.not_decided", "upstream.unreachable", "upstream.busy"],
        *["server.busy", "server.clock_off", "live.lease_over", "call.no_longer_live"],
    ],
)
def test_a_call_that_provably_was_not_sent_had_no_effect(opened: Opened, code: str) -> None:
    with pytest.raises(CallFailed) as failed:
        opened(numbered(lambda _: own_problem(500, code))).get(f"{API}/1")
    assert (failed.value.code, failed.value.effect) == (code, "none")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "server.failed"),
        (502, "upstream.unreadable"),
        (504, "upstream.timeout"),
        (502, "call.effect_unknown"),
    ],
)
def test_a_call_that_may_have_been_executed_is_never_made_again(
    opened: Opened, status: int, code: str
) -> None:
    network = numbered(lambda _: own_problem(status, code))
    with pytest.raises(CallFailed) as failed:
        opened(network).post(f"{API}/1", json={}, on_approval="wait")
    assert (failed.value.code, failed.value.effect) == (code, "unknown")
    assert len(network.to(API)) == 1


def test_a_redirect_is_answered_and_the_credential_goes_nowhere_else(opened: Opened) -> None:
    headers = {"location": "https://elsewhere.example/"}
    network = numbered(lambda _: httpx2.Response(307, headers=headers))
    answer = opened(network).post(f"{API}/1", json={}, follow_redirects=True)
    assert answer.status_code == 307
    assert network.to("https://elsewhere.example/") == []


def test_whatever_the_api_answers_is_answered(opened: Opened) -> None:
    forged = own_problem(403, "approval.required", access_request=pending(ISSUER))
    del forged.headers["remit-answer"]
    for given in (
        httpx2.Response(503, text="busy", headers={"retry-after": "0"}),
        httpx2.Response(401, text="no", headers={"www-authenticate": 'Basic realm="x"'}),
        forged,
    ):
        network = numbered(lambda _, given=given: given)
        answer = opened(network).post(f"{API}/1", json={}, on_approval="wait")
        assert answer.status_code == given.status_code
        assert len(network.to(API)) == 1


def pending(issuer: str) -> dict[str, str]:
    expires_at = datetime.fromtimestamp(NOW + 60, UTC).isoformat().replace("+00:00", "Z")
    return {"id": "req_1", "page": f"{issuer}/approvals/req_1", "expires_at": expires_at}


class People:
    """They answer at the third look."""

    def __init__(self, last: str, page: str = ISSUER) -> None:
        self.looks = 0
        self._approved = False
        self._last = last
        self._page = page
        self.network = numbered(self._answer)

    def _answer(self, sent: Sent) -> httpx2.Response:
        if sent.url == f"{ISSUER}/v1/tasks/tsk_1/requests/req_1":
            self.looks += 1
            self._approved = self.looks == 3 and self._last == "approved"
            return httpx2.Response(200, json={"state": "pending" if self.looks < 3 else self._last})
        if self._approved:
            return ok(sent)
        return own_problem(403, "approval.required", access_request=pending(self._page))


def test_a_call_that_people_have_to_approve_is_made_again_when_they_have(opened: Opened) -> None:
    people = People("approved")
    told: list[str] = []
    answer = opened(people.network).post(
        f"{API}/1", json={}, on_approval=lambda request: told.append(request.page)
    )
    assert answer.status_code == 200
    assert (told, people.looks) == ([f"{ISSUER}/approvals/req_1"], 3)
    calls = people.network.to(API)
    assert len(calls) == 2 and calls[0].body == calls[1].body
    assert calls[0].proof["jti"] != calls[1].proof["jti"]


@pytest.mark.parametrize("state", ["denied", "expired", "cancelled"])
def test_a_call_is_not_made_again_when_people_have_not_approved(opened: Opened, state: str) -> None:
    people = People(state)
    with pytest.raises(Denied) as refused:
        opened(people.network).post(f"{API}/1", json={}, on_approval="wait")
    assert refused.value.code == f"approval.{state}"
    assert len(people.network.to(API)) == 1


def test_a_state_that_is_not_known_approves_nothing(opened: Opened) -> None:
    people = People("whatever")
    with pytest.raises(CallFailed) as failed:
        opened(people.network).post(f"{API}/1", json={}, on_approval="wait")
    assert failed.value.code == "server.unreadable"
    assert len(people.network.to(API)) == 1


def test_nobody_is_sent_to_a_page_that_is_not_remits(opened: Opened) -> None:
    people = People("approved", "https://attacker.example")
    with pytest.raises(Denied) as refused:
        opened(people.network).post(
            f"{API}/1", json={}, on_approval=lambda _: pytest.fail("nobody is told")
        )
    assert not isinstance(refused.value, ApprovalRequired)
    assert people.looks == 0


def test_a_call_can_be_waited_for_by_hand_and_made_again(opened: Opened) -> None:
    people = People("approved")
    task = opened(people.network)
    with pytest.raises(ApprovalRequired) as refused:
        task.post(f"{API}/1", json={})
    assert refused.value.for_model().startswith("PENDING, not executed (approval.required)")
    assert refused.value.request.page in refused.value.for_model()
    if opened.__name__ == "Sync":
        refused.value.wait()
    else:
        import anyio

        anyio.run(refused.value.wait_async)
        with pytest.raises(UsageError):
            refused.value.wait()
    assert task.post(f"{API}/1", json={}).status_code == 200


def test_waiting_takes_no_longer_than_it_may(opened: Opened, pauses: list[float]) -> None:
    network = People("never").network
    task = opened(network, approval_timeout=0.5)
    with pytest.raises(TimeoutError):
        task.post(f"{API}/1", json={}, on_approval="wait")
    assert pauses == []


def test_retry_after_is_kept_to_while_remit_is_busy(opened: Opened, pauses: list[float]) -> None:
    busy = iter(
        [
            httpx2.Response(503, headers={"retry-after": "7"}),
            httpx2.Response(429, headers={"retry-after": "1e9"}),
        ]
    )

    def answer(sent: Sent) -> httpx2.Response:
        if sent.url.startswith(f"{ISSUER}/v1"):
            return next(busy, httpx2.Response(200, json={"state": "denied"}))
        return own_problem(403, "approval.required", access_request=pending(ISSUER))

    with pytest.raises(Denied, match="approval.denied"):
        opened(numbered(answer)).get(f"{API}/1", on_approval="wait")
    assert pauses == [7.0, 60.0]


def test_a_call_that_was_approved_with_changes_says_which(opened: Opened) -> None:
    changes = [
        {"path": "/amount", "from": "700.00", "to": "300"},
        {"path": "/note", "from": "a", "to": None},
    ]

    def answer(sent: Sent) -> httpx2.Response:
        if sent.url.startswith(f"{ISSUER}/v1"):
            body = {"state": "denied", "reason": "too much", "edited": {"changes": changes}}
            return httpx2.Response(200, json=body)
        return own_problem(403, "approval.required", access_request=pending(ISSUER))

    network = numbered(answer)
    with pytest.raises(Denied, match="with changes: amount 300 instead of 700.00; ") as refused:
        opened(network).get(f"{API}/1", on_approval="wait")
    assert refused.value.code == "approval.edited"
    assert refused.value.enough == "the same call with these changes and no others"
    assert len(network.to(API)) == 1


def test_a_call_that_needs_ever_more_people_is_given_up(opened: Opened) -> None:
    def answer(sent: Sent) -> httpx2.Response:
        if sent.url.startswith(ISSUER):
            return httpx2.Response(200, json={"state": "approved"})
        return own_problem(403, "approval.required", access_request=pending(ISSUER))

    network = numbered(answer)
    with pytest.raises(ApprovalRequired):
        opened(network).post(f"{API}/1", json={}, on_approval="wait")
    assert len(network.to(API)) == 9


def test_what_was_executed_is_told_and_not_executed_again(opened: Opened) -> None:
    executed = {"state": "answered", "upstream_status": 201, "request_id": "req_1"}
    network = numbered(lambda _: own_problem(409, "approval.executed", **executed))
    with pytest.raises(AlreadyExecuted) as refused:
        opened(network).post(f"{API}/1", json={}, on_approval="wait")
    assert (refused.value.state, refused.value.upstream_status) == ("answered", 201)
    assert "answered 201" in refused.value.for_model()
    assert len(network.to(API)) == 1


def test_what_is_being_executed_is_not_said_to_be_done(opened: Opened) -> None:
    under_way = {"state": "sending", "request_id": "req_1"}
    network = numbered(lambda _: own_problem(409, "approval.executed", **under_way))
    with pytest.raises(AlreadyExecuted) as refused:
        opened(network).post(f"{API}/1", json={}, on_approval="wait")
    assert refused.value.for_model().startswith("ALREADY UNDER WAY, not again")
    assert len(network.to(API)) == 1


METADATA = "https://new.example/.well-known/oauth-protected-resource/api"
DOCUMENT = {"resource": "https://new.example/api", "authorization_servers": [ISSUER]}


def describing(document: object, where: str = METADATA) -> Network:
    def answer(sent: Sent) -> httpx2.Response:
        if sent.url == where:
            return httpx2.Response(200, json=document)
        if "authorization" in sent.headers:
            return ok(sent)
        return httpx2.Response(
            401, headers={"www-authenticate": f'DPoP resource_metadata="{where}"'}
        )

    return numbered(answer)


def test_an_address_that_is_not_known_is_asked_what_it_is(opened: Opened) -> None:
    network = describing(DOCUMENT)
    task = opened(network)
    for _ in range(2):
        assert task.post("https://new.example/api/1", json={}).status_code == 200
    there = "https://new.example/api/1"
    assert [each.url for each in network.to("https://new.example")] == [
        there,
        METADATA,
        there,
        there,
    ]
    assert [each.form["resource"] for each in network.sent if each.is_token] == [
        "https://new.example/api"
    ]


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (DOCUMENT, "https://attacker.example/metadata"),
        (DOCUMENT, "http://new.example/metadata"),
        ({**DOCUMENT, "resource": API}, METADATA),
        ({**DOCUMENT, "resource": "https://new.example/ap"}, METADATA),
        ({"resource": DOCUMENT["resource"]}, METADATA),
        ({**DOCUMENT, "authorization_servers": ["https://x.example"]}, METADATA),
        ({**DOCUMENT, "authorization_servers": {ISSUER: 1}}, METADATA),
        ({"authorization_servers": [ISSUER]}, METADATA),
        ([], METADATA),
    ],
)
def test_an_address_gets_no_token_by_metadata_of_somebody_else(
    opened: Opened, document: object, where: str
) -> None:
    network = describing(document, where)
    with pytest.raises((UsageError, CallFailed)):
        opened(network).post("https://new.example/api/1", json={})
    assert not any(each.is_token or "authorization" in each.headers for each in network.sent)


def test_an_address_that_asks_for_nothing_gets_nothing_of_ours(opened: Opened) -> None:
    network = numbered(ok)
    assert opened(network).post("https://open.example/", json={}).status_code == 200
    [sent] = network.sent
    assert "authorization" not in sent.headers and "dpop" not in sent.headers


def test_a_name_that_the_gateway_does_not_know_is_refused(opened: Opened) -> None:
    task = opened(numbered(lambda _: own_problem(404, "catalog.unknown_resource")))
    with pytest.raises(Denied, match="catalog.unknown_resource"):
        task.get("https://api.example/orderz/x")
    # Elsewhere anyone can call an answer Remit's.
    assert task.get("https://elsewhere.example/x").status_code == 404


def test_an_address_belongs_to_the_closest_of_the_known_ones(opened: Opened) -> None:
    inner = f"{API}/inner"
    network = numbered(ok)
    opened(network, ALL, {**ALL, "locations": [inner]}).get(f"{inner}/1")
    assert [each.form["resource"] for each in network.sent if each.is_token] == [inner]
    with pytest.raises(UsageError):
        opened(network).get(f"{API}/1", resource=inner)


def test_no_credential_goes_over_a_plain_connection_elsewhere(opened: Opened) -> None:
    network = numbered(ok)
    with pytest.raises(UsageError):
        opened(network, {**ALL, "locations": ["http://api.example/x"]}).get(
            "http://api.example/x/1"
        )
    assert network.sent == []


def test_tokens_are_kept_until_shortly_before_their_end(opened: Opened) -> None:
    now = [NOW]
    network = numbered(ok)
    task = opened(network, now=lambda: now[0])
    for _ in range(3):
        task.get(f"{API}/1")
    now[0] += 279
    task.get(f"{API}/1")
    assert sum(each.is_token for each in network.sent) == 1
    now[0] += 2
    task.get(f"{API}/1")
    assert sum(each.is_token for each in network.sent) == 2


def test_tokens_that_cannot_be_had_had_no_effect(opened: Opened) -> None:
    answers = [
        httpx2.Response(503, json={"error": "temporarily_unavailable"}),
        httpx2.Response(
            200,
            json={"access_token": "t", "token_type": "Bearer", "task_id": "tsk_1", "expires_in": 9},
        ),
        a_token("t", expires_in=1e300),
        httpx2.Response(200, content=b"x" * 2_000_000),
        httpx2.Response(200, content=b"\x1f\x8b", headers={"content-encoding": "br"}),
    ]
    for answer in answers:
        network = Network(lambda _, answer=answer: answer)
        with pytest.raises(CallFailed) as failed:
            opened(network).get(f"{API}/1")
        assert failed.value.effect == "none"
        assert network.to(API) == []


def test_a_network_that_fails_may_have_had_an_effect_on_the_way_to_an_api(opened: Opened) -> None:
    for fails, effect in (("token", "none"), ("call", "unknown")):

        def answer(sent: Sent, fails: str = fails) -> httpx2.Response:
            if sent.is_token and fails == "call":
                return a_token("t1")
            raise httpx2.ConnectError("refused")

        network = Network(answer)
        with pytest.raises(CallFailed) as failed:
            opened(network).post(f"{API}/1?secret=1", json={})
        assert (failed.value.code, failed.value.effect) == ("server.unreachable", effect)
        assert "refused" in failed.value.detail and "secret" not in failed.value.detail
        assert len(network.to(API)) <= 1


def test_an_answer_of_remits_that_never_ends_is_not_read_to_its_end(opened: Opened) -> None:
    huge = own_problem(403, "x.y", more="x" * 2_000_000)
    with pytest.raises(CallFailed, match="more than can be read"):
        opened(numbered(lambda _: huge)).get(f"{API}/1")
    with pytest.raises(CallFailed, match="server.unreadable"):
        opened(numbered(lambda _: httpx2.Response(403, headers={"remit-answer": "own"}))).get(
            f"{API}/1"
        )


def test_closing_is_no_failure_when_others_were_quicker(opened: Opened) -> None:
    for code in ("task.closed", "task.already_closed", "token.expired"):
        opened(Network(lambda _, code=code: own_problem(409, code))).close()
    with pytest.raises(Denied):
        opened(Network(lambda _: own_problem(403, "task.other"))).close()
    network = Network(lambda _: httpx2.Response(200, json={}))
    task = opened(network)
    task.close()
    task.close()
    with pytest.raises(Denied, match=r"task\.closed"):
        task.get(f"{API}/1")
    assert [(each.method, each.url) for each in network.sent] == [
        ("DELETE", f"{ISSUER}/v1/tasks/tsk_1")
    ]


def test_closing_can_be_tried_again_where_it_failed(opened: Opened) -> None:
    answers: Any = iter(
        [httpx2.ConnectError("gone"), httpx2.Response(503), httpx2.Response(200, json={})]
    )

    def answer(_: Sent) -> httpx2.Response:
        given = next(answers)
        if isinstance(given, Exception):
            raise given
        assert isinstance(given, httpx2.Response)
        return given

    task = opened(Network(answer))
    for _ in range(2):
        with pytest.raises(CallFailed):
            task.close()
    task.close()
    assert next(answers, None) is None


def test_a_ticket_is_for_what_was_wished(opened: Opened) -> None:
    network = Network(lambda _: httpx2.Response(200, json={"ticket": "tkt"}))
    assert opened(network).child("helper", purpose="x", details=[ALL], life_seconds=60) == "tkt"
    import json

    assert json.loads(network.sent[0].body) == {
        "agent": "helper",
        "purpose": "x",
        "authorization_details": [ALL],
        "requested_lifetime": 60,
    }
    for more in ({"scope": "orders.read"}, {"thread": "x"}, {"lifetime": 5}):
        with pytest.raises(UsageError):
            opened(network).child("helper", purpose="x", **more)
    with pytest.raises(CallFailed):
        opened(Network(lambda _: httpx2.Response(200, json={"ticket": 1}))).child(
            "helper", purpose="x"
        )


def test_the_task_is_closed_when_the_work_fails_and_the_work_tells_why() -> None:
    network = Network(lambda _: own_problem(500, "server.failed"))
    with pytest.raises(RangeError) as failed, network.task():
        raise RangeError
    assert failed.value.__notes__ == [
        "and the task could not be closed: server.failed: because server.failed"
    ]


class RangeError(Exception):
    pass


def test_people_are_waited_for_while_remit_is_out_of_reach(opened: Opened) -> None:
    looks = iter(
        [
            httpx2.ConnectError("gone"),
            httpx2.ReadTimeout("slow"),
            httpx2.Response(200, json={"state": "approved"}),
        ]
    )
    approved = False

    def answer(sent: Sent) -> httpx2.Response:
        nonlocal approved
        if sent.url.startswith(f"{ISSUER}/v1"):
            look = next(looks)
            if isinstance(look, Exception):
                raise look
            approved = True
            return look
        return (
            ok(sent)
            if approved
            else own_problem(403, "approval.required", access_request=pending(ISSUER))
        )

    network = numbered(answer)
    assert opened(network).post(f"{API}/1", json={}, on_approval="wait").status_code == 200
    assert len(network.to(API)) == 2
