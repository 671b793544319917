"""Services that others call inside the trust domain, and certificates that clients show."""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
from typing import Any
from urllib.parse import parse_qs

import anyio
import httpx2
import pytest
from api_world import (
    CREDENTIAL,
    ISSUER,
    LOCATION,
    NOW,
    PERMIT,
    Remit,
    Shop,
    client,
    keys,
    transaction,
    txn,
)

from remit_sdk import CallFailed, Denied, UsageError
from remit_sdk.api import ClientCertificates, Route, inside_domain, replace_transaction_token

STOCK = "https://stock.example"
ROUTES = [
    Route(
        "POST",
        "/items/{item}/orders",
        action="shop.buy",
        arguments=lambda read: {"item": read.path["item"]},
    ),
    Route("PUT", "/stock", action="shop.buy"),
    Route("GET", "/reports", action="shop.report"),
]


class Service(Shop):
    """A service that works on calls of the shop."""

    routes = ROUTES

    def __init__(self, **options: Any) -> None:
        self.fetched: list[str] = []
        self.told: list[BaseException] = []

        def answer(request: httpx2.Request) -> httpx2.Response:
            self.fetched.append(str(request.url))
            return keys(request)

        settings: dict[str, Any] = {
            "issuer": ISSUER,
            "trust_domain": "test.remit",
            "locations": [LOCATION],
            "client": client(answer),
            "now": lambda: NOW,
            "on_error": self.told.append,
        }
        super().__init__(inside_domain(**{**settings, **options}))


def by(*services: str) -> dict[str, Any]:
    return transaction(req_wl=" ".join(("https://gw.example", *services)))


def test_what_was_permitted_goes_on_inside_the_domain_and_nobody_is_asked() -> None:
    service = Service()
    assert service.call(headers=txn())[0] == 200
    assert service.call(headers=txn(by(STOCK)), target="/items/lamp/orders?more=1")[0] == 200
    assert [call.via for call in service.ran] == [
        ("https://gw.example",),
        ("https://gw.example", STOCK),
    ]
    assert service.fetched == [f"{ISSUER}/oauth/jwks"]


def test_one_call_may_take_several_requests_each_of_them_once() -> None:
    service = Service()
    assert service.call(headers=txn())[0] == 200
    assert service.call("PUT", "/stock", headers=txn(by(STOCK)), body=b"")[0] == 200
    for target, method in (("/items/lamp/orders", "POST"), ("/stock", "PUT")):
        status, problem, _ = service.call(method, target, headers=txn(), body=b"")
        assert (status, problem["code"]) == (409, "transaction.used")


@pytest.mark.parametrize(
    ("code", "token", "target"),
    [
        ("transaction.other_arguments", transaction(), "/items/desk/orders"),
        ("transaction.other_arguments", transaction({"amount": "1"}), "/items/lamp/orders"),
        (
            "transaction.other_action",
            transaction(tctx={"action": "shop.look"}),
            "/items/lamp/orders",
        ),
        (
            "transaction.other_api",
            transaction(tctx={"location": "https://gw.example/orders"}),
            "/items/lamp/orders",
        ),
        ("transaction.invalid", transaction(aud="other.remit"), "/items/lamp/orders"),
        ("transaction.invalid", transaction(exp=int(NOW) - 6), "/items/lamp/orders"),
    ],
)
def test_a_token_of_another_call_runs_nothing(
    code: str, token: dict[str, Any], target: str
) -> None:
    service = Service()
    status, problem, _ = service.call(target=target, headers=txn(token))
    assert (problem["code"], service.ran) == (code, []), status
    status, problem, _ = service.call(headers={"authorization": "DPoP x.y.z", **txn()})
    assert (status, problem["code"]) == (401, "transaction.agent_token")


def test_only_services_that_may_pass_a_call_on() -> None:
    for senders, token, runs in (
        ([STOCK], by(STOCK), True),
        ([STOCK], by(STOCK, "https://else.example"), False),
        ([STOCK], by(), False),
        (["https://gw.example"], by(), True),
        ([], by(STOCK), False),
    ):
        status, problem, _ = Service(senders=senders).call(headers=txn(token))
        assert (status, problem.get("code")) == (
            (200, None) if runs else (403, "transaction.other_sender")
        )


def test_lists_are_no_texts() -> None:
    for wrong in ({"locations": []}, {"locations": LOCATION}, {"senders": STOCK}):
        with pytest.raises(UsageError):
            Service(**wrong)


# A token of its own.

TXN = "urn:ietf:params:oauth:token-type:txn_token"


def replaced(status: int, body: dict[str, Any], **options: Any) -> tuple[str, httpx2.Request]:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(status, json=body)

    async def ask() -> str:
        settings: dict[str, Any] = {
            "issuer": ISSUER,
            "trust_domain": "test.remit",
            "secret": "enf_secret",
            "action": "shop.buy",
            "client": client(answer),
        }
        return await replace_transaction_token("t.o.k", **{**settings, **options})

    return anyio.run(ask), asked[0]


def test_a_service_that_is_to_be_named_asks_for_a_token_of_its_own() -> None:
    token, request = replaced(200, {"access_token": "new", "issued_token_type": TXN})
    assert (token, str(request.url)) == ("new", f"{ISSUER}/oauth/token")
    assert request.headers["authorization"] == "Bearer enf_secret"
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["urn:ietf:params:oauth:grant-type:token-exchange"],
        "requested_token_type": [TXN],
        "subject_token_type": [TXN],
        "subject_token": ["t.o.k"],
        "audience": ["test.remit"],
        "scope": ["shop.buy"],
    }


def test_what_is_no_token_is_none() -> None:
    with pytest.raises(Denied) as denied:
        replaced(400, {"error": "invalid_request", "code": "task.closed"})
    assert denied.value.code == "task.closed"
    for status, body in (
        (200, {"access_token": "new"}),
        (200, {"access_token": 1, "issued_token_type": TXN}),
        (502, {}),
        (503, {"error": "temporarily_unavailable"}),
    ):
        with pytest.raises(CallFailed):
            replaced(status, body)
    with pytest.raises(UsageError):
        replaced(200, {}, secret="")


# Certificates.

DER = b"0\x82a certificate, for all that matters here"
THUMBPRINT = base64.urlsafe_b64encode(hashlib.sha256(DER).digest()).rstrip(b"=").decode()
VALUE = f":{base64.b64encode(DER).decode()}:"
PROXY = "192.0.2.1"
"""Address of every connection of `Shop`."""


def shown(
    certificates: ClientCertificates | None, headers: dict[str, str], **scope: Any
) -> tuple[int, str | None, Remit]:
    """Status, code, and what Remit was asked."""
    remit = Remit(PERMIT)
    shop = remit.shop(client_certificates=certificates)
    status, problem, _ = shop.call(headers={**CREDENTIAL, **headers}, **scope)
    return status, problem.get("code"), remit


def test_a_proxy_says_the_certificate_and_nobody_else_is_believed() -> None:
    status, _, remit = shown([PROXY], {"client-cert": VALUE})
    assert (status, remit.asked[0]["certificate"]) == (200, THUMBPRINT)
    status, _, remit = shown([PROXY], {"client-cert": VALUE}, client=(f"::ffff:{PROXY}", 1))
    assert remit.asked[0]["certificate"] == THUMBPRINT
    status, code, remit = shown(["192.0.2.7"], {"client-cert": VALUE})
    assert (status, code, remit.asked) == (400, "request.bad_header", [])
    for certificates, headers in ((None, {"client-cert": VALUE}), ([PROXY], {})):
        status, _, remit = shown(certificates, headers)
        assert status == 200 and "certificate" not in remit.asked[0]


@pytest.mark.parametrize(
    "value", ["", "::", "x", VALUE[1:], f"{VALUE}, {VALUE}", ":YQ=:", ":YQ:", f":{'A' * 9000}:"]
)
def test_what_is_not_one_certificate_is_none(value: str) -> None:
    status, code, remit = shown([PROXY], {"client-cert": value})
    assert (status, code, remit.asked) == (400, "request.bad_header", [])


def test_two_headers_are_not_one_certificate() -> None:
    remit = Remit(PERMIT)
    twice = [*CREDENTIAL.items(), ("client-cert", VALUE), ("client-cert", VALUE)]
    status, problem, _ = remit.shop(client_certificates=[PROXY]).call(headers=twice)
    assert (status, problem["code"], remit.asked) == (400, "request.bad_header", [])


@pytest.mark.parametrize(
    "forwarded",
    [
        {"x-forwarded-for": PROXY},
        {"x-forwarded-for": f"203.0.113.9, {PROXY}:4711"},
        {"x-forwarded-for": f"::ffff:{PROXY}"},
        {"forwarded": f'for=203.0.113.9, for="{PROXY}:80";proto=https'},
    ],
)
def test_an_address_that_the_caller_may_have_written_is_none(forwarded: dict[str, str]) -> None:
    status, code, remit = shown([PROXY], {"client-cert": VALUE, **forwarded})
    assert (status, code, remit.asked) == (500, "api.misconfigured", [])
    assert "X-Forwarded-For" in str(remit.told[0])
    status, _, remit = shown([PROXY], {"client-cert": VALUE, "x-forwarded-for": "203.0.113.9"})
    assert (status, remit.asked[0]["certificate"]) == (200, THUMBPRINT)


def test_a_server_that_ends_tls_itself_tells_it() -> None:
    chain = [ssl.DER_cert_to_PEM_cert(DER), ssl.DER_cert_to_PEM_cert(b"its issuer")]
    told = {"tls": {"client_cert_chain": chain}}
    status, _, remit = shown("tls", {"client-cert": ":YQ==:"}, extensions=told)
    assert (status, remit.asked[0]["certificate"]) == (200, THUMBPRINT)
    for extensions in (None, {}, {"tls": {"client_cert_chain": []}}, {"tls": {}}):
        status, _, remit = shown("tls", {"client-cert": VALUE}, extensions=extensions)
        assert status == 200 and "certificate" not in remit.asked[0]
    broken = {"tls": {"client_cert_chain": ["no certificate"]}}
    assert shown("tls", {}, extensions=broken)[:2] == (500, "api.misconfigured")


def test_a_single_address_is_no_list() -> None:
    with pytest.raises(UsageError, match=re.escape("`client_certificates`")):
        Remit(PERMIT).shop(client_certificates=PROXY)
