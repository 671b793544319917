"""Guards: by transaction token, by resource token, by asking; and what stands in front of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio
import httpx2
import jwt
import pytest
from api_world import (
    CREDENTIAL,
    ISSUER,
    JWK,
    KEY,
    LOCATION,
    NOW,
    PERMIT,
    RESOURCE,
    TASK_KEY,
    Remit,
    Shop,
    client,
    keys,
    proof,
    resource_claims,
    signed,
    transaction,
    txn,
)
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from remit_sdk import UsageError
from remit_sdk.api import (
    Person,
    RemitMiddleware,
    Route,
    behind_gateway,
    by_token,
    call_of,
    direct,
    protected_resource_metadata,
    protected_resource_metadata_path,
)
from remit_sdk.wire.keys import TaskKey


def behind(**options: Any) -> Shop:
    settings = {
        "issuer": ISSUER,
        "trust_domain": "test.remit",
        "location": LOCATION,
        "client": client(),
        "now": lambda: NOW,
    }
    public = options.pop("public", ())
    return Shop(behind_gateway(**{**settings, **options}), public=public)


def test_a_call_that_the_gateway_decided_runs_and_knows_who() -> None:
    shop = behind()
    status, body, _ = shop.call(headers=txn())
    assert (status, body) == (200, {"amount": 12.5})
    [call] = shop.ran
    assert (call.agent, call.chain, call.decision_id, call.task.purpose) == (
        "bot",
        ("bot",),
        "dec_1",
        "buy",
    )
    assert call.person == Person("psn_1", "https://idp.example", "sam")
    assert call.arguments == {"item": "lamp", "amount": "12.50"}


def test_a_permit_for_a_write_counts_once_and_one_for_a_read_as_often_as_it_lives() -> None:
    shop = behind()
    headers = txn()
    assert shop.call(headers=headers)[0] == 200
    status, problem, _ = shop.call(headers=headers)
    assert (status, problem["code"], len(shop.ran)) == (409, "transaction.used", 1)
    look = txn(transaction({"item": "lamp"}, tctx={"action": "shop.look"}))
    for _ in range(2):
        assert shop.call("GET", "/items/lamp", look, b"")[0] == 200


def test_what_does_not_fit_uses_no_permit_up() -> None:
    shop = behind()
    headers = txn()
    assert (
        shop.call(headers=headers, body=b'{"amount": 13}')[1]["code"]
        == "transaction.other_arguments"
    )
    assert shop.call(headers=headers)[0] == 200


PUBLIC_PEM = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def forged(head: dict[str, Any], **claims: Any) -> str:
    """A token that says anything, with a good signature over it."""
    import base64

    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    def part(value: object) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    signing = part(head) + b"." + part(transaction(**claims))
    r, s = decode_dss_signature(KEY.sign(signing, ec.ECDSA(hashes.SHA256())))
    signature = base64.urlsafe_b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).rstrip(b"=")
    return (signing + b"." + signature).decode()


GOOD_HEAD = {"typ": "txntoken+jwt", "alg": "ES256", "kid": "k1"}


def test_a_token_made_by_hand_would_hold() -> None:
    assert behind().call(headers={"txn-token": forged(GOOD_HEAD)})[0] == 200


@pytest.mark.parametrize(
    ("code", "token"),
    [
        ("transaction.invalid", lambda: signed(transaction(), "at+jwt")),
        ("transaction.invalid", lambda: signed(transaction(), "JWT")),
        (
            "transaction.invalid",
            lambda: signed(
                transaction(), "txntoken+jwt", key=ec.generate_private_key(ec.SECP256R1())
            ),
        ),
        ("transaction.invalid", lambda: signed(transaction(), "txntoken+jwt", kid="other")),
        ("transaction.invalid", lambda: signed(transaction(), "txntoken+jwt", kid=None)),
        ("transaction.invalid", lambda: signed(transaction(), "txntoken+jwt", jwk=JWK)),
        (
            "transaction.invalid",
            lambda: jwt.encode(
                transaction(), "", "none", headers={"typ": "txntoken+jwt", "kid": "k1"}
            ),
        ),
        (
            "transaction.invalid",
            lambda: jwt.encode(
                transaction(), JWK["x"] * 2, "HS256", headers={"typ": "txntoken+jwt", "kid": "k1"}
            ),
        ),
        *(
            ("transaction.invalid", lambda more=more: forged({**GOOD_HEAD, **more}))
            for more in (
                {"crit": ["x"], "x": 1},
                {"jku": "https://attacker.example"},
                {"x5c": []},
                {"alg": "none"},
                {"alg": "ES384"},
                {"alg": "HS256"},
                {"kid": ["k1"]},
                {"kid": ""},
                {"typ": None},
                {"b64": False},
            )
        ),
        *(
            ("transaction.invalid", lambda more=more: signed(transaction(**more), "txntoken+jwt"))
            for more in (
                {"iss": "https://other.example"},
                {
                    "iss": "https://other.example",
                    "act": {"iss": "https://other.example", "sub": "bot"},
                },
                {"aud": "other.remit"},
                {"aud": ["test.remit"]},
                {"aud": None},
                {"exp": int(NOW) - 6},
                {"exp": None},
                {"exp": True},
                {"exp": 1e300},
                {"iat": int(NOW) + 6},
                {"iat": int(NOW) - 66},
                {"iat": "now"},
                {"nbf": 0},
                {"scope": "shop.look"},
                {"txn": ""},
                {"txn": 1},
                {"req_wl": None},
                {"act": None},
                {"act": "bot"},
                {"act": {"iss": "https://other.example", "sub": "bot"}},
                {"act": {"iss": ISSUER}},
                {"sub": None},
                {"sub_profile": "admin"},
                {"sub_id": None},
                {"sub_id": {"iss": 1}},
                {"tctx": {"task": None}},
                {"tctx": {"arguments": {"item": 1}}},
                {"tctx": {"arguments": []}},
            )
        ),
        (
            "transaction.other_api",
            lambda: signed(
                transaction(tctx={"location": "https://gw.example/other"}), "txntoken+jwt"
            ),
        ),
        (
            "transaction.other_api",
            lambda: signed(transaction(tctx={"location": [LOCATION]}), "txntoken+jwt"),
        ),
        (
            "transaction.other_action",
            lambda: signed(transaction(tctx={"action": "shop.look"}), "txntoken+jwt"),
        ),
        (
            "transaction.other_sender",
            lambda: signed(transaction(req_wl="https://gw.example billing"), "txntoken+jwt"),
        ),
        (
            "transaction.other_arguments",
            lambda: signed(transaction({"item": "lamp"}), "txntoken+jwt"),
        ),
        ("transaction.invalid", lambda: forged(GOOD_HEAD, iss=[ISSUER])),
        ("transaction.invalid", lambda: "x"),
        ("transaction.invalid", lambda: ""),
        ("transaction.invalid", lambda: "a.b.c"),
        ("transaction.invalid", lambda: "." * 100_000),
        ("transaction.invalid", lambda: "é.é.é"),
    ],
)
def test_a_token_that_is_not_for_exactly_this_runs_nothing(
    code: str, token: Callable[[], str]
) -> None:
    shop = behind()
    status, problem, headers = shop.call(headers={"txn-token": token()})
    assert (problem["code"], shop.ran, headers["remit-answer"]) == (code, [], "own")
    assert status in (401, 403)


def test_deep_chains_end() -> None:
    def nested(depth: int, issuer: str = ISSUER) -> dict[str, Any] | None:
        return (
            None
            if depth == 0
            else {"iss": issuer, "sub": f"a{depth}", "act": nested(depth - 1, issuer)}
        )

    assert behind().call(headers=txn(transaction(act=nested(5))))[0] == 200
    assert (
        behind().call(headers=txn(transaction(act=nested(6))))[1]["code"] == "transaction.invalid"
    )
    shop = behind()
    others = {"iss": ISSUER, "sub": "bot", "act": nested(2, "https://partner.example")}
    assert shop.call(headers=txn(transaction(act=others)))[0] == 200
    assert shop.ran[0].chain == ("bot",) and [each.subject for each in shop.ran[0].actors] == [
        "a2",
        "a1",
    ]
    hidden = {"iss": "https://partner.example", "sub": "x", "act": {"iss": ISSUER, "sub": "bot"}}
    assert behind().call(headers=txn(transaction(act=hidden)))[1]["code"] == "transaction.invalid"


def test_agents_that_go_past_the_gateway_are_turned_away() -> None:
    at = signed({"iss": ISSUER}, "at+jwt")
    for credential in ("DPoP abc", "Bearer remit_at_abc", f"Bearer {at}", "dpop  x"):
        problem = behind().call(headers={**txn(), "authorization": credential})[1]
        assert problem["code"] == "transaction.agent_token"
    assert behind().call(headers={})[1]["code"] == "transaction.missing"
    for other in (
        "Basic abc",
        "Bearer abc",
        f"Bearer {signed({'iss': 'https://other.example'}, 'at+jwt')}",
    ):
        assert behind().call(headers={**txn(), "authorization": other})[0] == 200


def test_keys_that_cannot_be_had_say_nothing_about_a_token() -> None:
    told: list[BaseException] = []
    for answer in (
        httpx2.Response(500),
        httpx2.Response(200, text="x"),
        httpx2.Response(302, headers={"location": "https://attacker.example"}),
        httpx2.Response(200, content=b" " * 2_000_000),
    ):
        shop = behind(client=client(lambda _, answer=answer: answer), on_error=told.append)
        status, problem, headers = shop.call(headers=txn())
        assert (status, problem["code"], headers["retry-after"], shop.ran) == (
            503,
            "api.not_decided",
            "2",
            [],
        )
    assert len(told) == 4


def test_keys_are_read_again_for_one_that_is_not_known_but_not_for_each_stranger() -> None:
    reads = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        reads.append(request)
        return keys(request)

    shop = behind(client=client(answer))
    for number in range(20):
        shop.call(headers=txn(kid=f"made-up-{number}"))
    assert shop.call(headers=txn())[0] == 200
    assert len(reads) == 1


def test_keys_that_could_not_be_had_are_not_asked_for_by_each_call() -> None:
    reads = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        reads.append(request)
        return httpx2.Response(503)

    shop = behind(client=client(answer))
    for _ in range(20):
        assert shop.call(headers=txn())[0] == 503
    assert len(reads) <= 2


def test_a_store_that_fails_runs_nothing() -> None:
    class Broken:
        def use(self, id: str, expires_at: float) -> bool:
            raise OSError("the store is gone")

    class Odd:
        async def use(self, id: str, expires_at: float) -> Any:
            return "yes"

    assert behind(used_once=Broken()).call(headers=txn())[1]["code"] == "api.not_decided"
    assert behind(used_once=Odd()).call(headers=txn())[1]["code"] == "transaction.used"


# What stands in front of every guard.


@pytest.mark.parametrize(
    ("status", "code", "given"),
    [
        (404, "api.unknown_route", {"target": "/other"}),
        (404, "api.unknown_route", {"method": "DELETE"}),
        (404, "api.unknown_route", {"method": "post"}),
        (404, "api.unknown_route", {"target": "/items/lamp/orders/x"}),
        (400, "request.ambiguous_target", {"target": "/items/lamp/orders/"}),
        (400, "request.ambiguous_target", {"target": "/items/a%2Fb/orders"}),
        (400, "request.ambiguous_target", {"target": "/items/%2e%2e/orders"}),
        (400, "request.ambiguous_target", {"target": "/items/../orders"}),
        (400, "request.ambiguous_target", {"path": "/admin"}),
        (400, "request.ambiguous_target", {"target": "/items/lamp/orders?a=1;b=2"}),
        (500, "api.misconfigured", {"raw_path": None}),
        (413, "input.too_large", {"headers": {"content-length": "9999999"}}),
        (413, "input.too_large", {"headers": {"content-length": "x"}}),
        (413, "input.too_large", {"body": [b" " * 600_000, b" " * 600_000]}),
        (415, "request.unsupported_media_type", {"headers": {"content-type": "text/plain"}}),
        (
            415,
            "request.unsupported_media_type",
            {"headers": {"content-type": "application/json; charset=utf-16"}},
        ),
        (415, "request.unsupported_media_type", {"headers": {"content-encoding": "gzip"}}),
        (400, "input.malformed", {"body": b"\xff"}),
        (400, "input.duplicate_key", {"body": b'{"amount":1,"amount":12.50}'}),
        (
            400,
            "request.bad_header",
            {"headers": [("content-type", "application/json"), ("content-type", "text/plain")]},
        ),
        (400, "request.bad_header", {"headers": [("txn-token", "x")]}),
    ],
)
def test_what_can_be_read_in_two_ways_runs_nothing(
    status: int, code: str, given: dict[str, Any]
) -> None:
    shop = behind()
    headers = given.pop("headers", {})
    listed = [*txn().items(), *(headers.items() if isinstance(headers, dict) else headers)]
    answered, problem, _ = shop.call(headers=listed, **given)
    assert (answered, problem["code"], shop.ran) == (status, code, [])


def test_nothing_is_decided_about_what_comes_over_a_socket() -> None:
    shop = behind(public={"/live"})
    [closed] = shop.raw("GET", "/items/lamp", [], [], type="websocket")
    assert closed["type"] == "websocket.close" and shop.ran == []
    shop.raw("GET", "/live", [], [], type="websocket")
    shop.raw("GET", "/", [], [], type="lifespan")
    assert shop.ran == [None, None]
    with pytest.raises(UsageError):
        shop.raw("GET", "/", [], [], type="something")


def test_what_is_public_runs_and_nothing_that_only_looks_so() -> None:
    shop = behind(public={"/health"})
    assert shop.call("GET", "/health", {}, b"")[0] == 200
    for target in ("/health/", "/%68ealth", "/x/../health", "/health%3f"):
        assert shop.call("GET", target, {}, b"")[0] in (400, 404)
    assert shop.ran == [None]
    with pytest.raises(UsageError):
        call_of({})


def test_whoever_goes_before_the_body_is_there_starts_nothing() -> None:
    shop = behind()
    part = {"type": "http.request", "body": b"{", "more_body": True}
    assert shop.raw("POST", "/items/lamp/orders", list(txn().items()), [part]) == []
    assert shop.ran == []


def test_a_body_in_parts_is_one_and_then_the_client_may_go() -> None:
    shop = behind()
    assert shop.call(headers=txn(), body=[b'{"amo', b'unt": 12.50}', b""])[0] == 200


def test_arguments_of_a_route() -> None:
    route = Route(
        "POST",
        "/items/{item}/orders",
        "shop.buy",
        arguments=lambda read: {"item": read.all["item"]},
    )
    shop = behind()
    shop.app._routes = [route]
    assert shop.call(headers=txn(transaction({"item": "lamp"})), body=b'{"trace": 1}')[0] == 200
    shop.app._routes = [Route("GET", "/items/{item}", "shop.look", write=True)]
    headers = txn(transaction({"item": "lamp"}, tctx={"action": "shop.look"}, txn="dec_2"))
    assert [shop.call("GET", "/items/lamp", headers, b"")[0] for _ in range(2)] == [200, 409]


def test_of_two_paths_the_one_that_is_written_out_counts() -> None:
    routes = [Route("GET", "/items/{item}", "shop.look"), Route("GET", "/items/mine", "shop.mine")]
    for order in (routes, routes[::-1]):
        shop = behind()
        shop.app = RemitMiddleware(shop._run, shop.app._guard, order)
        headers = txn(transaction({}, tctx={"action": "shop.mine"}))
        assert shop.call("GET", "/items/mine", headers, b"")[0] == 200
        assert (
            shop.call("GET", "/items/lamp", headers, b"")[1]["code"] == "transaction.other_action"
        )


def test_settings_are_told_of_what_remit_signed_and_strangers_fill_no_log() -> None:
    told: list[str] = []
    shop = behind(on_error=lambda error: told.append(str(error)))
    for number in range(10):
        shop.call(headers={"txn-token": f"a.b.{number}"})
        shop.call(headers=txn(transaction(exp=1)))
    assert told == []
    shop.call(headers=txn(transaction(aud="other.remit")))
    shop.call(headers=txn(transaction(iss="https://other.example")))
    assert ["other.remit" in told[0], "other.example" in told[1], len(told)] == [True, True, 2]


# By resource token alone.


def by(**options: Any) -> Shop:
    settings = {"issuer": ISSUER, "resource": RESOURCE, "client": client(), "now": lambda: NOW}
    return Shop(by_token(**{**settings, **options}))


def bearing(claims: dict[str, Any] | None = None, **more: Any) -> dict[str, str]:
    token = signed(claims or resource_claims(), "at+jwt")
    return {"authorization": f"DPoP {token}", "dpop": proof(token=token, **more)}


def test_a_call_that_a_token_covers_runs_once_for_each_proof() -> None:
    shop = by()
    headers = bearing()
    assert shop.call(headers=headers)[0] == 200
    [call] = shop.ran
    assert (call.agent, call.decision_id, call.arguments) == (
        "bot",
        None,
        {"item": "lamp", "amount": "12.50"},
    )
    status, problem, answered = shop.call(headers=headers)
    assert (status, problem["code"]) == (401, "proof.replayed")
    assert 'error="invalid_dpop_proof"' in answered["www-authenticate"]
    assert shop.call(headers=bearing(jti="p2"))[0] == 200


@pytest.mark.parametrize(
    "more",
    [
        {"htm": "GET"},
        {"htu": f"{RESOURCE}/items/lamp"},
        {"htu": "https://attacker.example/items/lamp/orders"},
        {"htu": f"{RESOURCE}/items/lamp/orders?x=1"},
        {"iat": int(NOW) - 66},
        {"iat": int(NOW) + 6},
        {"iat": None},
        {"iat": True},
        {"iat": float("nan")},
        {"ath": "x"},
        {"ath": None},
        {"jti": ""},
        {"jti": 1},
        {"jti": "x" * 257},
    ],
)
def test_a_proof_for_anything_else_is_none(more: dict[str, Any]) -> None:
    shop = by()
    status, problem, _ = shop.call(headers=bearing(**more))
    assert (status, problem["code"], shop.ran) == (401, "proof.invalid", [])


def test_a_proof_is_by_the_key_of_the_token_and_by_one_alone() -> None:
    token = signed(resource_claims(), "at+jwt")
    authorization = ("authorization", f"DPoP {token}")
    other = TaskKey()
    url = f"{RESOURCE}/items/lamp/orders"
    good = proof(token=token)
    claims = jwt.decode(good, options={"verify_signature": False})
    private = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(TASK_KEY._private))
    for proofs in (
        [],
        [good, proof(token=token, jti="p2")],
        [f"{good}, {good}"],
        [other.proof("POST", url, NOW, token=token)],
        [
            jwt.encode(
                claims,
                other._private,
                "ES256",
                headers={"typ": "dpop+jwt", "jwk": TASK_KEY.public_jwk},
            )
        ],
        [
            jwt.encode(
                claims,
                TASK_KEY._private,
                "ES256",
                headers={"typ": "JWT", "jwk": TASK_KEY.public_jwk},
            )
        ],
        [
            jwt.encode(
                claims, TASK_KEY._private, "ES256", headers={"typ": "dpop+jwt", "jwk": private}
            )
        ],
        [
            jwt.encode(
                claims,
                TASK_KEY._private,
                "ES256",
                headers={"typ": "dpop+jwt", "jwk": TASK_KEY.public_jwk, "kid": "x"},
            )
        ],
        [
            jwt.encode(
                claims, "x" * 32, "HS256", headers={"typ": "dpop+jwt", "jwk": TASK_KEY.public_jwk}
            )
        ],
        [
            jwt.encode(
                claims,
                TASK_KEY._private,
                "ES256",
                headers={"typ": "dpop+jwt", "jwk": {"kty": "EC"}},
            )
        ],
        [jwt.encode(claims, TASK_KEY._private, "ES256", headers={"typ": "dpop+jwt", "jwk": []})],
        ["x" * 5000],
        ["a.b.c"],
    ):
        shop = by()
        problem = shop.call(headers=[authorization, *(("dpop", each) for each in proofs)])[1]
        assert (problem["code"], shop.ran) == ("proof.invalid", []), proofs


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("token.invalid", {"iss": "https://other.example"}),
        ("token.invalid", {"aud": ISSUER}),
        ("token.invalid", {"aud": [RESOURCE]}),
        ("token.invalid", {"exp": int(NOW) - 6}),
        ("token.invalid", {"iat": int(NOW) - 306}),
        ("token.invalid", {"task": {"id": "tsk_1", "purpose": "x"}}),
        ("token.invalid", {"client_id": "tsk_2"}),
        ("token.invalid", {"cnf": {}}),
        ("token.invalid", {"cnf": {"x5t#S256": "x"}}),
        ("token.invalid", {"act": None}),
        ("proof.invalid", {"cnf": {"jkt": "x"}}),
        ("token.not_covered", {"authorization_details": []}),
        ("token.not_covered", {"authorization_details": "x"}),
        ("token.not_covered", {"authorization_details": [1]}),
    ],
)
def test_a_token_for_anything_else_runs_nothing(code: str, more: dict[str, Any]) -> None:
    shop = by()
    problem = shop.call(headers=bearing(resource_claims(**more)))[1]
    assert (problem["code"], shop.ran) == (code, [])


def test_a_token_of_another_type_or_scheme_is_none() -> None:
    shop = by()
    token = signed(resource_claims(), "txntoken+jwt")
    assert (
        shop.call(headers={"authorization": f"DPoP {token}", "dpop": proof(token=token)})[1]["code"]
        == "token.invalid"
    )
    token = signed(resource_claims(), "at+jwt")
    for credential in (f"Bearer {token}", token, "", f"DPoP {token} x"):
        status, problem, answered = shop.call(
            headers={"authorization": credential, "dpop": proof(token=token)}
        )
        assert (status, problem["code"]) == (401, "token.missing")
        assert (
            f'resource_metadata="{RESOURCE}/.well-known/oauth-protected-resource"'
            in answered["www-authenticate"]
        )
    assert shop.ran == []


@pytest.mark.parametrize(
    ("covered", "bound"),
    [
        (True, {"path": "/item", "op": "in", "value": ["desk", "lamp"]}),
        (True, {"path": "/item", "op": "prefix", "value": "la"}),
        (True, {"path": "/amount", "op": "lte", "value": "12.5"}),
        (True, {"path": "/amount", "op": "gte", "value": "12.500"}),
        (True, {"path": "/note/by~1who", "op": "eq", "value": "sam"}),
        (False, {"path": "/item", "op": "eq", "value": "desk"}),
        (False, {"path": "/item", "op": "in", "value": "lamp"}),
        (False, {"path": "/item", "op": "lte", "value": "zzz"}),
        (False, {"path": "/amount", "op": "lte", "value": "12.49"}),
        (False, {"path": "/amount", "op": "lte", "value": "1e9"}),
        (False, {"path": "/amount", "op": "lte", "value": 100}),
        (False, {"path": "/amount", "op": "gte", "value": "12.51"}),
        (False, {"path": "/where", "op": "prefix", "value": "/reports/"}),
        (False, {"path": "/note", "op": "eq", "value": "sam"}),
        (False, {"path": "/tags", "op": "eq", "value": "a"}),
        (False, {"path": "/tags/0", "op": "eq", "value": "a"}),
        (False, {"path": "/absent", "op": "lte", "value": "1"}),
        (False, {"path": "item", "op": "eq", "value": "lamp"}),
        (False, {"op": "eq", "value": "lamp"}),
        (False, {"path": "/item", "op": "matches", "value": "lamp"}),
        (False, {}),
    ],
)
def test_bounds(covered: bool, bound: dict[str, Any]) -> None:
    body = b'{"amount": 12.50, "note": {"by/who": "sam"}, "tags": ["a"], "where": "/reports/../x"}'
    detail = {
        "type": "remit_call",
        "locations": [RESOURCE],
        "actions": ["shop.buy"],
        "bounds": [bound],
    }
    shop = by()
    status = shop.call(headers=bearing(resource_claims(authorization_details=[detail])), body=body)[
        0
    ]
    assert status == (200 if covered else 403)
    for other in (
        {**detail, "type": "remit_delegate", "bounds": []},
        {**detail, "locations": ["https://other.example"], "bounds": []},
        {**detail, "locations": RESOURCE, "bounds": []},
        {**detail, "actions": "shop.buy", "bounds": []},
        {**detail, "bounds": "x"},
    ):
        assert (
            by().call(headers=bearing(resource_claims(authorization_details=[other])), body=body)[0]
            == 403
        )


# By asking.


def test_a_direct_call_is_asked_about_and_reported() -> None:
    remit = Remit(PERMIT)
    shop = remit.shop(headers=["X-Mode"])
    headers = {
        **CREDENTIAL,
        "x-mode": "fast",
        "accept": "text/plain",
        "cookie": "secret",
        "host": "attacker.example",
    }
    assert shop.call(headers=headers, target="/items/lamp/orders?note=a%20b")[0] == 200
    [asked] = remit.asked
    assert asked == {
        "scheme": "DPoP",
        "token": "t.o.k",
        "proofs": ["p.r.f"],
        "method": "POST",
        "url": f"{RESOURCE}/items/lamp/orders?note=a%20b",
        "headers": [["accept", "text/plain"], ["x-mode", "fast"]],
        "body": '{"amount": 12.50}',
        "ip": "192.0.2.1",
        "obligations": [],  # an answer in text would do
    }
    assert remit.outcomes == [{"state": "answered", "status": 200}]
    [call] = shop.ran
    assert (call.decision_id, call.person.subject) == ("dec_1", "sam")


def test_a_refusal_is_told_in_remits_words() -> None:
    problem = {"type": "urn:remit:problem:policy.denied", "code": "policy.denied", "detail": "no"}
    headers = {"www-authenticate": "DPoP", "x-evil": "a\r\nb: c", "remit-answer": "theirs"}
    remit = Remit({"decision": False, "status": 403, "problem": problem, "headers": headers})
    shop = remit.shop()
    status, told, answered = shop.call(headers=CREDENTIAL)
    assert (status, told["code"], shop.ran, remit.outcomes) == (403, "policy.denied", [], [])
    assert (
        answered["www-authenticate"] == "DPoP"
        and answered["remit-answer"] == "own"
        and "x-evil" not in answered
    )


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        (httpx2.Response(401, json={"code": "client.unknown"}), False),
        (httpx2.Response(500), False),
        (httpx2.Response(200, text="<html>"), False),
        (httpx2.Response(302, headers={"location": "https://attacker.example"}), False),
        ({"decision": "true"}, False),
        ({"decision": 1}, False),
        ({"valid_for_ms": None}, False),
        ({"decision_id": ""}, False),
        ({"valid_for_ms": -1}, True),
        ({"task": {}}, True),
        ({"agent": None}, True),
        ({"chain": "bot"}, True),
        ({"chain": [1]}, True),
        ({"arguments": {"item": 1}}, True),
        ({"person": {}}, True),
        ({"person": {"id": "p", "issuer": "x"}}, True),
        ({"actors": [{"iss": "x"}]}, True),
        ({"actors": "x"}, True),
        ({"obligations": [{"type": "redact", "properties": {}}]}, True),
        ({"obligations": [{"type": "hash", "properties": {"paths": "/a"}}]}, True),
        ({"obligations": [{"type": "step_up", "properties": {}}]}, True),
        ({"obligations": [{"type": "redact", "properties": {"paths": 1}}]}, True),
        ({"settles": [{"limit": "other", "path": "/a"}]}, True),
        ({"settles": "x"}, True),
        ({"obligations": "x"}, True),
    ],
)
def test_what_is_no_permit_runs_nothing(change: Any, reported: bool) -> None:
    remit = Remit(change if isinstance(change, httpx2.Response) else {**PERMIT, **change})
    shop = remit.shop()
    status, problem, _ = shop.call(headers=CREDENTIAL)
    assert (status, problem["code"], shop.ran, len(remit.told)) == (503, "api.not_decided", [], 1)
    assert remit.outcomes == ([{"state": "not_sent"}] if reported else [])


def test_a_permit_for_another_operation_runs_nothing() -> None:
    remit = Remit({**PERMIT, "action": "shop.remove"})
    shop = remit.shop()
    assert shop.call(headers=CREDENTIAL)[1]["code"] == "api.misconfigured"
    assert (shop.ran, remit.outcomes) == ([], [{"state": "not_sent"}])


def test_no_answer_in_time_is_none() -> None:
    async def never(_: httpx2.Request) -> httpx2.Response:
        event = anyio.Event()
        await event.wait()
        raise AssertionError

    remit = Remit(PERMIT)
    shop = remit.shop(
        client=httpx2.AsyncClient(transport=httpx2.MockTransport(never)), timeout=0.01
    )
    assert (shop.call(headers=CREDENTIAL)[1]["code"], shop.ran) == ("api.not_decided", [])


def test_an_outcome_is_reported_until_it_arrives() -> None:
    failed = httpx2.Response(503)
    for outcomes, count, told in (
        ([failed, failed], 3, 0),
        ([failed] * 9, 4, 1),
        ([failed, httpx2.Response(409, json={"code": "decision.ended"})], 2, 0),
        ([httpx2.Response(403, json={"code": "client.unknown"})], 1, 1),
    ):
        remit = Remit(PERMIT, outcomes)
        assert remit.shop().call(headers=CREDENTIAL)[0] == 200
        assert (len(remit.outcomes), len(remit.told)) == (count, told)


def test_a_handler_that_fails_is_reported_as_that() -> None:
    remit = Remit(PERMIT)
    shop = remit.shop()

    async def fails(*_: Any) -> None:
        raise ZeroDivisionError

    shop.app._app = fails
    with pytest.raises(ZeroDivisionError):
        shop.call(headers=CREDENTIAL)
    assert remit.outcomes == [{"state": "failed"}]


def test_paths_of_an_api_that_is_not_at_the_root() -> None:
    remit = Remit(PERMIT)
    shop = remit.shop(resource="https://shop.example/api", base_path="")
    shop.call(headers=CREDENTIAL)
    assert remit.asked[0]["url"] == "https://shop.example/api/items/lamp/orders"
    assert (
        remit.shop(resource="https://shop.example/api").call(headers=CREDENTIAL)[1]["code"]
        == "api.misconfigured"
    )


def test_settings_that_cannot_work() -> None:
    good: dict[str, Any] = {"issuer": ISSUER, "resource": RESOURCE, "secret": "enf_x"}
    for change in (
        {"secret": ""},
        {"secret": "shop-api"},
        {"issuer": "http://remit.example"},
        {"headers": ["Authorization"]},
        {"hash_key": b"short"},
        {"client": httpx2.Client()},
    ):
        with pytest.raises(UsageError):
            direct(**{**good, **change})


def test_where_tokens_come_from() -> None:
    assert (
        protected_resource_metadata_path("https://x.example")
        == "/.well-known/oauth-protected-resource"
    )
    assert (
        protected_resource_metadata_path("https://x.example/api/")
        == "/.well-known/oauth-protected-resource/api"
    )
    document = protected_resource_metadata(RESOURCE, ISSUER, title="Shop", scopes=["shop.buy"])
    assert (document["resource"], document["authorization_servers"], document["resource_name"]) == (
        RESOURCE,
        [ISSUER],
        "Shop",
    )


# What a stranger is told, and what an administrator maps.

INEXACT = b'{"amount": 12.500000000000000000001}'


def test_a_stranger_is_told_nothing_of_the_numbers_in_a_body() -> None:
    for shop in (behind(), by(), Remit(PERMIT).shop()):
        status, problem, _ = shop.call(body=INEXACT)
        assert (status, shop.ran) == (401, []), problem
    for shop, headers in (
        (behind(), {"txn-token": "a.b.c"}),
        (by(), {"authorization": "DPoP a.b.c", "dpop": "p.r.f"}),
    ):
        assert shop.call(headers=headers, body=INEXACT)[0] == 401
    told = {"decision": False, "status": 401, "problem": {"code": "token.invalid", "detail": "no"}}
    remit = Remit(told)
    assert remit.shop().call(headers=CREDENTIAL, body=INEXACT)[1]["code"] == "token.invalid"


def test_a_number_that_a_float_would_change_is_refused_to_those_who_may_call() -> None:
    exact = transaction({"item": "lamp", "amount": "12.500000000000000000001"})
    remit = Remit(PERMIT)
    for shop, headers in (
        (behind(), txn(exact)),
        (by(), bearing()),
        (remit.shop(), CREDENTIAL),
    ):
        status, problem, _ = shop.call(headers=headers, body=INEXACT)
        assert (status, problem["code"], shop.ran) == (400, "input.inexact_number", [])
    # The decision is told that nothing ran.
    assert remit.outcomes == [{"state": "not_sent"}]


def test_further_claims_that_are_mapped_for_an_api_reach_its_handlers() -> None:
    """M7: by transaction token and by resource token."""
    said = {"groups": ["support"], "trust": 2}
    shop, look = behind(), by()
    assert shop.call(headers=txn(transaction(ext=said)))[0] == 200
    assert look.call(headers=bearing(resource_claims(ext=said)))[0] == 200
    assert [shop.ran[0].ext, look.ran[0].ext] == [said, said]
    assert behind().call(headers=txn())[0] == 200
    for bad in ("x", ["x"], None):
        other = behind()
        assert other.call(headers=txn(transaction(ext=bad)))[0] == 200
        assert other.ran[0].ext == {}
