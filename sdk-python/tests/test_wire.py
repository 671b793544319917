"""Signing and parsing: proofs, assertions, challenges, addresses, problems."""

from __future__ import annotations

import hashlib
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from remit_sdk import AgentIdentity, UsageError
from remit_sdk.wire.address import is_below, is_same_origin, origin_of, secure_url, target_of
from remit_sdk.wire.challenge import challenges_of
from remit_sdk.wire.flow import Answer
from remit_sdk.wire.keys import TaskKey, base64url, client_assertion, thumbprint
from remit_sdk.wire.problem import object_of, own_problem_of, problem_of

NOW = 1_800_000_000.5


def test_a_proof_is_for_one_request() -> None:
    key = TaskKey()
    url = "https://api.example:443/orders/1?x=1#part"
    proof = key.proof("DELETE", url, NOW, token="t1", nonce="n")
    head = jwt.get_unverified_header(proof)
    assert head == {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.public_jwk}
    assert "d" not in head["jwk"]
    claims = jwt.decode(proof, jwt.PyJWK(head["jwk"]), ["ES256"], options={"verify_iat": False})
    assert claims.pop("jti")
    assert claims == {
        "htm": "DELETE",
        "htu": "https://api.example/orders/1",
        "iat": 1_800_000_000,
        "ath": base64url(hashlib.sha256(b"t1").digest()),
        "nonce": "n",
    }
    bare = jwt.decode(key.proof("GET", url, NOW), options={"verify_signature": False})
    assert set(bare) == {"jti", "htm", "htu", "iat"}
    assert key.proof("GET", url, NOW) != key.proof("GET", url, NOW)


def test_a_thumbprint_is_that_of_rfc_7638() -> None:
    # RFC 8037 appendix A.3.
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("kind", ["ES256", "EdDSA"])
@pytest.mark.parametrize("as_jwk", [True, False])
def test_an_assertion_is_for_remit_alone_and_for_a_minute(kind: str, as_jwk: bool) -> None:
    algorithm = jwt.get_algorithm_by_name(kind)
    key = (
        ec.generate_private_key(ec.SECP256R1())
        if kind == "ES256"
        else ed25519.Ed25519PrivateKey.generate()
    )
    jwk = json.loads(algorithm.to_jwk(key))
    agent = AgentIdentity("bot", jwk if as_jwk else key)
    now = int(time.time())
    assertion = client_assertion(agent, "https://remit.example", now)
    assert jwt.get_unverified_header(assertion) == {"typ": "client-authentication+jwt", "alg": kind}
    claims = jwt.decode(assertion, key.public_key(), [kind], audience="https://remit.example")
    assert claims.pop("jti")
    assert claims == {
        "iss": "bot",
        "sub": "bot",
        "aud": "https://remit.example",
        "iat": now,
        "exp": now + 60,
    }


def test_keys_of_other_kinds_are_refused_and_never_shown() -> None:
    rsa = json.loads(jwt.get_algorithm_by_name("RS256").to_jwk(generate_private_key(65537, 2048)))
    good = json.loads(
        jwt.get_algorithm_by_name("ES256").to_jwk(ec.generate_private_key(ec.SECP256R1()))
    )
    public = {name: value for name, value in good.items() if name != "d"}
    p384 = ec.generate_private_key(ec.SECP384R1())
    for key in [
        rsa,
        public,
        p384,
        {},
        {"kty": "EC", "crv": "P-256", "x": 1, "y": "é", "d": "secret"},
        {"kty": []},
    ]:
        agent = AgentIdentity("bot", key)  # type: ignore[arg-type]
        assert "secret" not in repr(agent)
        with pytest.raises(UsageError) as error:
            client_assertion(agent, "https://remit.example", NOW)
        assert "secret" not in str(error.value)
    with pytest.raises(UsageError):
        client_assertion(AgentIdentity("bot"), "https://remit.example", NOW)
    with pytest.raises(UsageError):
        AgentIdentity.from_file("nobody")
    with pytest.raises(UsageError):
        AgentIdentity.from_file("keys/nobody")


def read(header: str | None) -> list[tuple[str, dict[str, str]]]:
    return [(each.scheme, dict(each.parameters)) for each in challenges_of(header)]


def test_reads_every_challenge_of_a_header() -> None:
    assert read(None) == read("") == []
    assert read("Bearer") == [("bearer", {})]
    assert read('Bearer realm="a, b", Error=invalid_token , DPoP algs="ES256 EdDSA"') == [
        ("bearer", {"realm": "a, b", "error": "invalid_token"}),
        ("dpop", {"algs": "ES256 EdDSA"}),
    ]
    assert read('Basic realm="DPoP error=\\"use_dpop_nonce\\""') == [
        ("basic", {"realm": 'DPoP error="use_dpop_nonce"'})
    ]


def test_reading_challenges_ends_whatever_is_given() -> None:
    for header in [
        '"',
        ",,,,",
        'DPoP error="',
        "=" * 9,
        f"{' ' * 50_000}=",
        f"DPoP {'a ' * 50_000}",
        "DPoP " + 'a="\\' * 20_000,
        "é\x00\n",
    ]:
        assert len(challenges_of(header)) <= 50_001


def test_addresses() -> None:
    assert origin_of("HTTPS://API.example:443/x") == "https://api.example"
    assert origin_of("http://[::1]:8080/x") == "http://[::1]:8080"
    assert target_of("https://api.example?x=1") == "https://api.example/"
    for good in ["https://x.example", "http://localhost:1", "http://127.0.0.1/x", "http://[::1]/"]:
        secure_url(good)
    for bad in [
        "",
        "x",
        "/x",
        "http://x.example",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "ftp://localhost",
        "https://",
        "https://x:port/",
        "https://[x/",
        "https://user:word@x.example/",
        "http://localhost@evil.example/",
    ]:
        with pytest.raises(UsageError):
            secure_url(bad)
    assert is_same_origin("https://a.example/x", "https://A.example:443/y")
    assert not is_same_origin("https://a.example", "http://a.example")
    assert not is_same_origin("nothing", "nothing")
    api = "https://api.example/orders"
    for below in [api, f"{api}/", f"{api}?x=1", f"{api}/1"]:
        assert is_below(below, api)
    for other in [f"{api}2/1", f"{api}.evil.example/", "https://api.example/", f"{api}#x"]:
        assert not is_below(other, api)
    assert not is_below("https://evil.example/", "")


def test_a_problem_is_remits_only_when_remit_says_so() -> None:
    kind = {"content-type": "application/problem+json"}
    body = b'{"type":"urn:remit:problem:x.y","code":"x.y","detail":""}'
    own = Answer(403, {**kind, "remit-answer": "own", "remit-decision": "dec_1"}, body)
    problem = own_problem_of(own)
    assert problem and (problem.code, problem.detail, problem.decision_id) == (
        "x.y",
        "no reason was given",
        "dec_1",
    )
    assert own_problem_of(Answer(403, kind, body)) is None
    for other in [
        Answer(200, own.headers, body),
        Answer(403, {"remit-answer": "own"}, body),
        Answer(403, own.headers, b'{"code":"x.y","type":"about:blank"}'),
        Answer(403, own.headers, b'{"code":["x.y"]}'),
        Answer(403, own.headers, b"[1]"),
        Answer(403, own.headers, b"\xff"),
        Answer(403, own.headers, b"[" * 100_000),
    ]:
        assert problem_of(other) is None
    assert object_of(b'"x"') == object_of(b"{") == {}
