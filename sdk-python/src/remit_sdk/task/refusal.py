"""Errors for what Remit answers to a call."""

from __future__ import annotations

from ..errors import (
    AlreadyExecuted,
    ApprovalRequired,
    CallFailed,
    Denied,
    Effect,
    RefusalFacts,
    RemitError,
)
from ..wire.flow import Answer
from ..wire.problem import WireProblem, number_or, text_or
from .approval import ask_again, pending_of, wait_for_approval
from .held import Held, Runner

_NO_EFFECT = frozenset({"upstream.unreachable", "api.not_decided", "api.misconfigured"})
"""Failures behind which provably nothing was executed."""


def refusal_of(
    held: Held, answer: Answer, problem: WireProblem, run: Runner, run_async: Runner
) -> RemitError:
    """Makes the error that is raised for an answer that is a problem of Remit's."""
    code, status, members = problem.code, answer.status, problem.members
    later = number_or(members.get("retry_after"))
    facts = RefusalFacts(code, problem.detail, status, problem.enough, problem.decision_id, later)
    if code == "approval.required":
        pending = pending_of(members.get("access_request"), held.server.issuer)
        if pending:
            return ApprovalRequired(
                facts,
                pending,
                lambda timeout: run(wait_for_approval(held, pending, timeout)),
                lambda timeout: run_async(wait_for_approval(held, pending, timeout)),
            )
    if code == "approval.executed":
        request_id = text_or(members.get("request_id")) or ""
        upstream = members.get("upstream_status")
        return AlreadyExecuted(
            facts,
            state=text_or(members.get("state")) or "indeterminate",
            upstream_status=upstream if isinstance(upstream, int) else None,
            ask_again=lambda: run(ask_again(held, request_id)),
            ask_again_async=lambda: run_async(ask_again(held, request_id)),
        )
    # A task that ended while the call was under way: the API may have seen it.
    if status < 500 and code != "call.no_longer_live":
        return Denied(facts, answer.response)
    effect: Effect = "none" if code in _NO_EFFECT else "unknown"
    decision = problem.decision_id
    return CallFailed(
        code, problem.detail, effect, status=status, decision_id=decision, response=answer.response
    )
