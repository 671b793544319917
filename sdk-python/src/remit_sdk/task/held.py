"""Everything one task is, and what it asks Remit about itself."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..errors import CallFailed, Denied, PendingApproval, RefusalFacts
from ..wire.address import is_below
from ..wire.flow import Answer, Flow, Request
from ..wire.problem import object_of, problem_of
from ..wire.server import RemitServer
from ..wire.signed import Signer
from ..wire.token_endpoint import ACCESS_TOKEN, TOKEN_EXCHANGE, request_token
from .authority import Detail

OnApproval = Literal["raise", "wait"] | Callable[[PendingApproval], "Awaitable[None] | None"]
"""
Where people have to approve a call: raise `ApprovalRequired`, wait for them, or tell someone first and then wait.
"""

_MARGIN_SECONDS = 20
"""A call that begins now still has time to arrive."""
_MAX_RESOURCES = 1000


@dataclass
class Held:
    """A task's credential, its key in `signer`, and what it learned on the way."""

    server: RemitServer
    signer: Signer
    now: Callable[[], float]
    """Epoch seconds."""
    id: str
    token: str = field(repr=False)
    """The task token: good at Remit, nowhere else."""
    details: tuple[Detail, ...]
    missing: tuple[Detail, ...] = ()
    interaction_uri: str | None = None
    on_approval: OnApproval = "raise"
    approval_timeout: float | None = None
    """How long calls of this task wait for people, in seconds. Default: until the request expires."""
    closed: bool = False
    """Here, by `close`."""
    resources: set[str] = field(default_factory=set)
    """Identifiers that are known; grows with what challenges tell."""
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.resources.update(each for detail in self.details for each in detail["locations"])

    def require_open(self) -> None:
        """Raises `Denied` once it was closed here."""
        if self.closed:
            raise Denied(RefusalFacts("task.closed", "this task was closed", 401, "another task"))

    def resource_of(self, url: str) -> str | None:
        """The longest of the known resources that the address is below."""
        return max((each for each in self.resources if is_below(url, each)), key=len, default=None)

    def learn(self, resource: str) -> None:
        if len(self.resources) < _MAX_RESOURCES:
            self.resources.add(resource)

    def token_for(self, resource: str) -> Flow[str]:
        """One short token per resource, exchanged for the task token (RFC 8693), kept until close to its end."""
        kept = self._tokens.get(resource)
        if kept and kept[1] > self.now():
            return kept[0]
        form = {
            "grant_type": TOKEN_EXCHANGE,
            "client_id": self.id,
            "subject_token": self.token,
            "subject_token_type": ACCESS_TOKEN,
            "resource": resource,
        }
        answer = yield from request_token(self.server.token_endpoint, self.signer, form)
        life = answer.expires_in
        self._tokens[resource] = (answer.token, self.now() + max(life / 2, life - _MARGIN_SECONDS))
        return answer.token

    def drop(self, resource: str, token: str) -> None:
        """Forgets a token that was refused: the next call gets another one."""
        kept = self._tokens.get(resource)
        if kept and kept[0] == token:
            self._tokens.pop(resource, None)

    def ask(self, method: str, path: str, body: object | None = None) -> Flow[Mapping[str, Any]]:
        """A request of the task about itself, `path` below `/v1/tasks/<id>`. Raises `Denied`, `CallFailed`."""
        url = f"{self.server.issuer}/v1/tasks/{self.id}{path}"
        headers = {"accept": "application/json"}
        if body is not None:
            headers["content-type"] = "application/json"
        text = None if body is None else json.dumps(body).encode()
        request = Request(method, url, headers, text)
        answer: Answer = yield from self.signer.send(request, method, url, self.token)
        if answer.ok:
            return object_of(answer.body)
        problem = problem_of(answer)
        status = answer.status
        if problem and status < 500:
            facts = RefusalFacts(
                problem.code, problem.detail, status, problem.enough, problem.decision_id
            )
            raise Denied(facts, answer.response)
        code = problem.code if problem else "server.unreadable"
        detail = problem.detail if problem else f"Remit answered {status}"
        raise CallFailed(code, detail, status=status, response=answer.response)


Runner = Callable[[Flow[Any]], Any]
"""Runs a flow to its end, for errors that can be asked to go on."""
