"""One call of a task: its credential, its repetitions, its refusals."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ApprovalRequired, CallFailed, UsageError
from ..wire.address import is_below, is_same_origin, origin_of, secure_url
from ..wire.challenge import challenges_of, says
from ..wire.flow import Answer, Attempt, Flow, Request, Tell
from ..wire.problem import object_of, own_problem_of
from .approval import wait_for_approval
from .held import Held, OnApproval, Runner
from .refusal import refusal_of

_MAX_APPROVALS = 8
"""How often one call may turn out to need other people's word as well."""


@dataclass(frozen=True)
class Call:
    """What a call is, as far as its credential depends on it."""

    method: str
    url: str
    resource: str | None = None
    """The resource's identifier, where it cannot be told from the address."""
    on_approval: OnApproval | None = None
    """Instead of the task's own setting."""
    run: Runner = lambda _: None
    run_async: Runner = lambda _: None


def calling(held: Held, call: Call) -> Flow[Answer]:
    """
    Yields the caller's request as often as it may be sent. It is repeated only when it was refused for its nonce
    or its token, or after people have approved it; each time with a fresh proof.
    Raises `ApprovalRequired`, `AlreadyExecuted`, `Denied`, `CallFailed`, `UsageError`, `TimeoutError`.
    """
    held.require_open()
    secure_url(call.url)
    given = call.resource
    if given is not None and not is_below(call.url, given):
        raise UsageError(f"`{call.url}` is not below the resource `{given}`")
    resource = given or held.resource_of(call.url)
    if resource is None:
        answer: Answer = yield Attempt({})
        resource = yield from _from_challenge(held, answer, call.url)
        if resource is None:
            _raise_own(held, call, answer)
            return answer
        held.learn(resource)
    on_approval = call.on_approval or held.on_approval
    asked = 0
    while True:
        answer = yield from _with_token(held, call, resource)
        problem = own_problem_of(answer)
        if not problem:
            if answer.headers.get("remit-answer") == "own" and answer.status >= 400:
                detail = f"Remit answered {answer.status}, and no reason that can be read"
                raise CallFailed("server.unreadable", detail, "unknown", status=answer.status)
            return answer
        refusal = refusal_of(held, answer, problem, call.run, call.run_async)
        waits = isinstance(refusal, ApprovalRequired) and on_approval != "raise"
        if not waits or not isinstance(refusal, ApprovalRequired) or asked >= _MAX_APPROVALS:
            raise refusal
        asked += 1
        if callable(on_approval):
            yield Tell(on_approval, (refusal.request,))
        yield from wait_for_approval(held, refusal.request, held.approval_timeout)


def _with_token(held: Held, call: Call, resource: str) -> Flow[Answer]:
    """With a token for the resource; with another one when that is not accepted any more."""
    token = yield from held.token_for(resource)
    first = yield from held.signer.send(Attempt({}), call.method, call.url, token)
    # RFC 6750 section 3.1: expired, revoked, from before a change.
    if first.status != 401 or not says(first.headers.get("www-authenticate"), "invalid_token"):
        return first
    held.drop(resource, token)
    other = yield from held.token_for(resource)
    return (yield from held.signer.send(Attempt({}), call.method, call.url, other))


def _raise_own(held: Held, call: Call, answer: Answer) -> None:
    """A name that the gateway does not know. Others are not believed when they call their answer Remit's."""
    if any(is_same_origin(each, call.url) for each in held.resources):
        problem = own_problem_of(answer)
        if problem:
            raise refusal_of(held, answer, problem, call.run, call.run_async)


def _from_challenge(held: Held, answer: Answer, url: str) -> Flow[str | None]:
    """
    The resource that a 401 tells of (RFC 9728 section 5): its metadata has to come from the same origin, be
    about an address that the call is below, and name our server. `None`: the answer tells of none.
    """
    challenges = challenges_of(answer.headers.get("www-authenticate"))
    told = (each.parameters.get("resource_metadata") for each in challenges)
    where = next((each for each in told if each is not None), None)
    if answer.status != 401 or where is None:
        return None
    secure_url(where)
    if origin_of(where) != origin_of(url):
        raise UsageError(f"`{url}` points to metadata of another origin, `{where[:200]}`")
    metadata: Answer = yield Request("GET", where, {"accept": "application/json"})
    document = object_of(metadata.body)
    resource, servers = document.get("resource"), document.get("authorization_servers")
    if not isinstance(resource, str) or not metadata.ok:
        detail = f"`{where}` describes no resource"
        raise CallFailed("server.unreadable", detail, status=metadata.status)
    # RFC 9728 section 3.3: what is described has to be what was asked for. Otherwise a token would go to a stranger.
    if not is_below(url, resource):
        raise UsageError(f"`{url}` says that it is `{resource[:200]}`, which it is not below")
    if not isinstance(servers, list) or held.server.issuer not in servers:
        raise UsageError(f"`{resource}` takes no tokens of `{held.server.issuer}`")
    return resource
