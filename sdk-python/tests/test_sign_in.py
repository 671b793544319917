"""Sign-in of a person at an agent's application, and asking a person who is not here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import jwt
import pytest
from network import AGENT, ISSUER, NOW, SERVER, Network, Sent, Transport, a_token, claims_of

from remit_sdk import CallFailed, Denied, RemitServer, UsageError, ask_person, ask_person_async
from remit_sdk.sign_in import AsyncSignIn, InMemory, SignIn, SignInRequired

PROVIDER = "https://idp.example/tenant"
REDIRECT = "http://127.0.0.1:7490/callback"
DOCUMENT = {
    "issuer": PROVIDER,
    "authorization_endpoint": "https://idp.example/authorize?x=1",
    "token_endpoint": "https://idp.example/token",
    "authorization_response_iss_parameter_supported": True,
}


def id_token(**claims: object) -> str:
    return jwt.encode({"sub": "sam", **claims}, "k" * 32, "HS256")


class Provider:
    """Gives refresh tokens that count once."""

    def __init__(self) -> None:
        self.nonce = ""
        self.current = 0
        self.network = Network(self._answer)
        self.document: dict[str, Any] = dict(DOCUMENT)
        self.instead: httpx2.Response | None = None

    def _answer(self, sent: Sent) -> httpx2.Response:
        if sent.url == f"{PROVIDER}/.well-known/openid-configuration":
            return httpx2.Response(200, json=self.document)
        assert sent.url == DOCUMENT["token_endpoint"]
        if self.instead:
            return self.instead
        if (
            sent.form["grant_type"] == "refresh_token"
            and sent.form["refresh_token"] != f"r{self.current}"
        ):
            return httpx2.Response(400, json={"error": "invalid_grant"})
        self.current += 1
        told = {"id_token": id_token(nonce=self.nonce), "refresh_token": f"r{self.current}"}
        return httpx2.Response(200, json=told)

    def sign_in(self, store: InMemory, **options: Any) -> SignIn:
        client = httpx2.Client(transport=Transport(self.network))
        return SignIn(PROVIDER, "bot", store, client=client, **options)


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_a_person_signs_in_once_and_each_task_gets_a_token_of_its_own() -> None:
    provider, store = Provider(), InMemory()
    sign_in = provider.sign_in(store, client_secret="s")
    begun = sign_in.begin(REDIRECT, prompt="consent")
    asked = query_of(begun.url)
    assert (
        asked["x"] == "1"
        and asked["code_challenge_method"] == "S256"
        and asked["prompt"] == "consent"
    )
    assert begun.verifier not in begun.url and begun.verifier not in repr(begun)
    provider.nonce = begun.nonce
    sign_in.finish(begun, f"{REDIRECT}?code=c&state={begun.state}&iss={PROVIDER}")
    form = provider.network.sent[-1].form
    assert (form["code"], form["code_verifier"], form["client_secret"]) == (
        "c",
        begun.verifier,
        "s",
    )
    assert store.get() == "r1"
    for number in (2, 3):
        assert claims_of(sign_in.id_token())["sub"] == "sam"
        assert store.get() == f"r{number}"
    sign_in.end()
    with pytest.raises(SignInRequired):
        sign_in.id_token()


@pytest.mark.parametrize(
    "came",
    [
        "",
        "code=c",
        "code=c&state=x&iss={p}",
        "code=c&state={s}",
        "code=c&state={s}&iss=https://other.example",
        "code=c&code=d&state={s}&iss={p}",
        "code=c&state={s}&state={s}&iss={p}",
    ],
)
def test_somebody_elses_answer_is_not_taken(came: str) -> None:
    provider, store = Provider(), InMemory()
    sign_in = provider.sign_in(store)
    begun = sign_in.begin(REDIRECT)
    provider.nonce = begun.nonce
    with pytest.raises(UsageError):
        sign_in.finish(begun, f"{REDIRECT}?{came.format(s=begun.state, p=PROVIDER)}")
    assert store.get() is None and len(provider.network.sent) == 1


def test_an_id_token_of_another_sign_in_is_not_taken() -> None:
    provider, store = Provider(), InMemory()
    sign_in = provider.sign_in(store)
    begun = sign_in.begin(REDIRECT)
    with pytest.raises(UsageError):
        sign_in.finish(begun, f"{REDIRECT}?code=c&state={begun.state}&iss={PROVIDER}")
    with pytest.raises(SignInRequired, match="not today"):
        sign_in.finish(
            begun,
            f"{REDIRECT}?error=x&error_description=not+today&state={begun.state}&iss={PROVIDER}",
        )
    assert store.get() is None


def test_a_sign_in_that_was_ended_is_told() -> None:
    sign_in = Provider().sign_in(InMemory("r9"))
    with pytest.raises(SignInRequired) as refused:
        sign_in.id_token()
    assert (refused.value.code, refused.value.status) == ("sign_in.required", 400)


def test_what_another_process_left_is_used() -> None:
    provider = Provider()
    provider.current = 5

    class Shared(InMemory):
        looks = 0

        def get(self) -> str | None:
            self.looks += 1
            return "r4" if self.looks == 1 else "r5"

    assert provider.sign_in(Shared()).id_token()


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, json={"access_token": "x"}),
        httpx2.Response(200, json=[]),
        httpx2.Response(503),
        httpx2.Response(302, headers={"location": "https://attacker.example"}),
        httpx2.Response(200, content=b" " * 2_000_000),
        httpx2.Response(400, text="invalid_grant"),
    ],
)
def test_an_answer_that_cannot_be_read_ends_no_sign_in(answer: httpx2.Response) -> None:
    provider, store = Provider(), InMemory("r0")
    provider.instead = answer
    with pytest.raises(CallFailed):
        provider.sign_in(store).id_token()
    assert store.get() == "r0"


def test_another_refusal_is_told_with_its_code() -> None:
    provider, store = Provider(), InMemory("r0")
    provider.instead = httpx2.Response(401, json={"error": "invalid_client"})
    with pytest.raises(Denied) as refused:
        provider.sign_in(store).id_token()
    assert (refused.value.code, refused.value.oauth_error, store.get()) == (
        "sign_in.refused",
        "invalid_client",
        "r0",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": "http://idp.example/token"},
        {"token_endpoint": None},
    ],
)
def test_a_document_of_another_provider_is_not_used(change: dict[str, Any]) -> None:
    provider = Provider()
    provider.document.update(change)
    with pytest.raises((CallFailed, UsageError)):
        provider.sign_in(InMemory("r0")).id_token()
    assert len(provider.network.sent) == 1


def test_tasks_at_the_same_time_refresh_one_after_the_other() -> None:
    provider, store = Provider(), InMemory("r0")
    client = httpx2.AsyncClient(transport=Transport(provider.network))
    sign_in = AsyncSignIn(PROVIDER, "bot", store, client=client)

    async def all_of_them() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(sign_in.id_token)

    anyio.run(all_of_them)
    assert store.get() == "r10"


# Asking a person who is not here.


def asking(answers: list[httpx2.Response], asked: httpx2.Response | None = None) -> Network:
    polls = iter(answers)
    first = asked or httpx2.Response(
        200, json={"auth_req_id": "q1", "expires_in": 600, "interval": 5}
    )
    return Network(lambda sent: first if sent.url == SERVER.backchannel_endpoint else next(polls))


def ask(network: Network, **question: Any) -> Any:
    client = httpx2.Client(transport=Transport(network))
    wish = {"purpose": "as on the phone", "scope": "orders.read", "now": lambda: NOW, **question}
    return ask_person(SERVER, AGENT, "sam@example.com", client=client, **wish)


def waiting(error: str, code: str | None = None) -> httpx2.Response:
    return httpx2.Response(400, json={"error": error, **({"code": code} if code else {})})


def test_a_person_is_asked_and_waited_for(pauses: list[float]) -> None:
    answers = [
        waiting("authorization_pending", "token.pending"),
        waiting("slow_down"),
        httpx2.Response(503),
        a_token("t"),
    ]
    network = asking(answers)
    told: list[str] = []
    task = ask(network, on_asked=lambda asked: told.append(asked.request_id))
    assert (task.id, told, pauses) == ("tsk_1", ["q1"], [5.0, 5.0, 10.0, 10.0])
    first, *polls = network.sent
    assert first.form["login_hint"] == "sam@example.com" and first.form["scope"] == "orders.read"
    assert all(each.form["auth_req_id"] == "q1" for each in polls)
    # One key from the question on, a proof and an assertion for each request.
    assert (
        len(
            {
                json.dumps(jwt.get_unverified_header(each.headers["dpop"])["jwk"])
                for each in network.sent
            }
        )
        == 1
    )
    assert len({each.proof["jti"] for each in network.sent}) == 5
    assert len({each.form["client_assertion"] for each in network.sent}) == 5


@pytest.mark.parametrize("error", ["access_denied", "expired_token", "invalid_grant"])
def test_no_is_no(error: str) -> None:
    network = asking([waiting(error)])
    with pytest.raises(Denied, match=error):
        ask(network)
    assert len(network.sent) == 2


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, json={}),
        httpx2.Response(200, json={"auth_req_id": "q1", "expires_in": True}),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(500),
    ],
)
def test_a_question_that_was_not_asked_is_not_waited_for(answer: httpx2.Response) -> None:
    network = asking([], answer)
    with pytest.raises(CallFailed):
        ask(network)
    assert len(network.sent) == 1


def test_remit_out_of_reach_ends_waiting_when_nobody_can_answer_any_more() -> None:
    now = [NOW]

    def passes() -> float:
        now[0] += 100
        return now[0]

    with pytest.raises(CallFailed):
        ask(asking([httpx2.Response(503)] * 50), now=passes)


def test_a_network_that_fails_while_a_person_thinks_ends_nothing() -> None:
    polls: Any = iter([httpx2.ConnectError("gone"), waiting("authorization_pending"), a_token("t")])

    def answer(sent: Sent) -> httpx2.Response:
        if sent.url == SERVER.backchannel_endpoint:
            return httpx2.Response(200, json={"auth_req_id": "q1", "expires_in": 600})
        poll = next(polls)
        if isinstance(poll, Exception):
            raise poll
        assert isinstance(poll, httpx2.Response)
        return poll

    assert ask(Network(answer)).id == "tsk_1"


def test_a_strange_interval_is_none() -> None:
    for interval in (0, -1, 1e9, "x", None):
        told = httpx2.Response(
            200, json={"auth_req_id": "q1", "expires_in": 600, "interval": interval}
        )
        assert ask(asking([a_token("t")], told)).id == "tsk_1"


def test_a_server_that_asks_nobody_is_told_from_one_that_does() -> None:
    with pytest.raises(UsageError):
        ask_person(RemitServer(ISSUER, SERVER.token_endpoint), AGENT, "sam", purpose="x")
    unknown: Callable[..., Any] = ask_person
    with pytest.raises(UsageError):
        unknown(SERVER, AGENT, "sam", budget=[{"limit": "calls", "max": 1}])

    async def ask_async() -> str:
        client = httpx2.AsyncClient(transport=Transport(asking([a_token("t")])))
        task = await ask_person_async(SERVER, AGENT, "sam", purpose="x", scope="y", client=client)
        return task.id

    assert anyio.run(ask_async) == "tsk_1"
