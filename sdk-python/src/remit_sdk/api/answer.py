"""Answers that an API gives instead of running a call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..wire.address import origin_of, parsed

PROBLEMS: Final[Mapping[str, tuple[int, str]]] = {
    "api.misconfigured": (500, "The API is not set up for this call"),
    "api.not_decided": (503, "The call could not be decided"),
    "api.unknown_route": (404, "There is no such operation"),
    "input.duplicate_key": (400, "The JSON has a duplicate member name"),
    "input.forbidden_key": (400, "A JSON member name is not allowed"),
    "input.inexact_number": (400, "A number has too many digits"),
    "input.malformed": (400, "The input is malformed"),
    "input.too_deep": (400, "The JSON is nested too deeply"),
    "input.too_large": (413, "The input is too large"),
    "obligation.failed": (502, "The response is withheld"),
    "request.ambiguous_target": (400, "The path or query is ambiguous"),
    "request.bad_header": (400, "A header is repeated, malformed or not accepted"),
    "request.unsupported_media_type": (415, "The media type is not accepted"),
    "token.invalid": (401, "The access token does not hold"),
    "token.missing": (401, "The access token is missing"),
    "token.not_covered": (403, "The access token does not cover this call"),
    "proof.invalid": (401, "The DPoP proof does not hold"),
    "proof.replayed": (401, "The DPoP proof was used before"),
    "transaction.agent_token": (401, "Agents do not call this API directly"),
    "transaction.invalid": (401, "The transaction token does not hold"),
    "transaction.missing": (401, "There is no transaction token"),
    "transaction.other_action": (403, "The transaction token is for another operation"),
    "transaction.other_api": (403, "The transaction token is for another API"),
    "transaction.other_arguments": (403, "The transaction token is for other arguments"),
    "transaction.other_sender": (403, "The transaction token was passed on by another service"),
    "transaction.used": (409, "The transaction token was used before"),
}
"""Status and title. Where Remit has the same code they are the same."""

_CHALLENGES = {"token.invalid": "invalid_token", "proof.invalid": "invalid_dpop_proof"}
_CHALLENGES["proof.replayed"] = "invalid_dpop_proof"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class ApiRefusal(Exception):
    """A call that the API refuses by itself; becomes an `Answer` in one place."""

    def __init__(self, code: str, detail: str, cause: BaseException | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.cause = cause


def answer_of(refusal: ApiRefusal, identifier: str) -> Answer:
    """The refusal as RFC 9457, like the gateway's. `identifier` is the API's: a 401 says where tokens for it come from."""
    code = refusal.code
    status, title = PROBLEMS[code]
    problem = {
        "type": f"urn:remit:problem:{code}",
        "title": title,
        "status": status,
        "detail": refusal.detail,
        "code": code,
    }
    headers: dict[str, str] = {}
    if status == 401:
        headers["www-authenticate"] = _challenge(identifier, _CHALLENGES.get(code))
    if status == 503:
        headers["retry-after"] = "2"
    return problem_answer(status, problem, headers)


def problem_answer(status: int, problem: object, headers: Mapping[str, str]) -> Answer:
    """Problem details with what belongs beside them."""
    all_headers = {
        "content-type": "application/problem+json",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        **headers,
        # As the gateway says it: Remit's word, and nothing of what the API itself would have said.
        "remit-answer": "own",
    }
    return Answer(status, all_headers, json.dumps(problem).encode())


def _challenge(identifier: str, error: str | None) -> str:
    """RFC 9449 section 7.1, RFC 9728 section 5.1."""
    path = parsed(identifier).path.rstrip("/")
    where = f"{origin_of(identifier)}/.well-known/oauth-protected-resource{path}"
    said = f', error="{error}"' if error else ""
    return f'DPoP resource_metadata="{where}", algs="ES256 EdDSA"{said}'
