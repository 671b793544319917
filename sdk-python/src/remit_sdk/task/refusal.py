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

_NO_EFFECT = frozenset(
    {
        "upstream.unreachable",
        "upstream.busy",
        "api.not_decided",
        "api.misconfigured",
        "call.no_longer_live",
        "live.lease_over",
        "server.busy",
        "server.clock_off",
    }
)
"""Failures behind which provably nothing was executed."""

_MAY_HAVE_ACTED = "is not known"
"""Words of servers that told of calls under way by the same codes."""


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
    # Nothing is wrong with the call: what it depends on changed before it was sent.
    if status < 500 and code != "call.no_longer_live":
        return Denied(facts, answer.response)
    unsent = code in _NO_EFFECT and _MAY_HAVE_ACTED not in (problem.detail or "")
    effect: Effect = "none" if unsent else "unknown"
    decision = problem.decision_id
    return CallFailed(
        code, problem.detail, effect, status=status, decision_id=decision, response=answer.response
    )
