"""Errors that this package raises on purpose. All of them are `RemitError`s with a stable `code`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Effect = Literal["none", "unknown"]


@dataclass(frozen=True)
class PendingApproval:
    """An access request: a call that people have to approve before it goes through."""

    id: str
    """`req_…`"""
    page: str
    """Where people answer. Show it to someone who may."""
    expires_at: datetime
    """When waiting for an answer ends; that denies."""


@dataclass(frozen=True)
class RefusalFacts:
    """Facts of a refusal."""

    code: str
    """Stable, such as `task.not_covered`. Remit's have pages in its documentation."""
    detail: str
    """Description of what happened, in words that a model can act on."""
    status: int
    enough: str | None = None
    """Authority that would have been enough."""
    decision_id: str | None = None
    """`dec_…`: `remit decisions explain` says why."""
    retry_after: float | None = None
    """In so many seconds the same call fits again, where nothing but time is missing."""
    oauth_error: str | None = None
    """The protocol's own code, at the token endpoint (RFC 6749 section 5.2)."""


class RemitError(Exception):
    """The root of everything this package raises on purpose."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail

    def for_model(self) -> str:
        """Says what happened in words for the model, as the result of a tool."""
        return f"FAILED ({self.code}): {self.detail}"


class Denied(RemitError):
    """
    Remit refused: an opening, a token, a call. Nothing was executed. Asking again in the same way gets
    the same answer; `enough` says what would get another one.
    """

    def __init__(self, facts: RefusalFacts, response: Any = None) -> None:
        super().__init__(facts.code, facts.detail)
        self.status = facts.status
        self.enough = facts.enough
        self.decision_id = facts.decision_id
        self.retry_after = facts.retry_after
        self.oauth_error = facts.oauth_error
        self.response = response
        """The answer as it came, of the HTTP library that made the call."""

    def for_model(self) -> str:
        return f"DENIED, not executed ({self.code}): {self.detail}{self._advice()}"

    def _advice(self) -> str:
        enough = f"\nWhat would be enough: {self.enough}" if self.enough else ""
        later = f"\nThe same call fits again in {self.retry_after:g} s." if self.retry_after else ""
        return enough + later


Waiter = Callable[[float | None], None]
AsyncWaiter = Callable[[float | None], Awaitable[None]]


class ApprovalRequired(Denied):
    """The call was not executed; people can let it through. After they did, the same call goes through once."""

    def __init__(
        self, facts: RefusalFacts, request: PendingApproval, wait: Waiter, wait_async: AsyncWaiter
    ) -> None:
        super().__init__(facts)
        self.request = request
        self._wait = wait
        self._wait_async = wait_async

    def wait(self, timeout: float | None = None) -> None:
        """
        Waits until people have approved; then make the same call again.
        Raises `Denied` when they denied, or no one answered in time; `TimeoutError` after `timeout` seconds.
        """
        self._wait(timeout)

    async def wait_async(self, timeout: float | None = None) -> None:
        """As `wait`, for an `AsyncTask`."""
        await self._wait_async(timeout)

    def for_model(self) -> str:
        until = self.request.expires_at.isoformat(timespec="seconds")
        return (
            f"PENDING, not executed ({self.code}): {self.detail}\n"
            f"A person can approve exactly this call until {until} at {self.request.page}\n"
            "Tell them, then make the same call again with the same arguments."
        )


class AlreadyExecuted(Denied):
    """Error because the same call was approved and executed before; it was not executed again."""

    def __init__(
        self,
        facts: RefusalFacts,
        *,
        state: str,
        upstream_status: int | None,
        ask_again: Callable[[], PendingApproval],
        ask_again_async: Callable[[], Awaitable[PendingApproval]],
    ) -> None:
        super().__init__(facts)
        self.state = state
        """How that execution ended: `answered`, `failed`, `indeterminate`, or `sending` while it goes on."""
        self.upstream_status = upstream_status
        """Status that the API answered then."""
        self._ask_again = ask_again
        self._ask_again_async = ask_again_async

    def ask_again(self) -> PendingApproval:
        """Asks people to let the same call through once more."""
        return self._ask_again()

    async def ask_again_async(self) -> PendingApproval:
        """As `ask_again`, for an `AsyncTask`."""
        return await self._ask_again_async()

    def for_model(self) -> str:
        if self.state == "sending":
            return (
                f"ALREADY UNDER WAY, not again ({self.code}): {self.detail}\n"
                "The outcome of that execution is not known yet. Do not repeat the call to find out."
            )
        answered = f", answered {self.upstream_status}" if self.upstream_status else ""
        return (
            f"ALREADY EXECUTED, not again ({self.code}): {self.detail}\n"
            f"That execution: {self.state}{answered}. Do not repeat the call to find out more."
        )


class ConsentRequired(Denied):
    """The person has not agreed yet that this agent does this for them. Send them to `interaction_uri`, then open again."""

    def __init__(self, facts: RefusalFacts, interaction_uri: str) -> None:
        super().__init__(facts)
        self.interaction_uri = interaction_uri
        """The page where the person says yes or no."""


class CallFailed(RemitError):
    """
    Something on the way failed: Remit or the API behind it could not be reached, or answered in a way
    that cannot be read. `effect` says whether the call may have been executed.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        effect: Effect = "none",
        *,
        status: int | None = None,
        decision_id: str | None = None,
        response: Any = None,
    ) -> None:
        super().__init__(code, detail)
        self.effect: Effect = effect
        """`none`: provably nothing was executed. `unknown`: look before you repeat it."""
        self.status = status
        self.decision_id = decision_id
        self.response = response

    def for_model(self) -> str:
        known = (
            "nothing was executed"
            if self.effect == "none"
            else "it may have been executed: look first"
        )
        return f"FAILED, {known} ({self.code}): {self.detail}"


class UsageError(RemitError):
    """The package was used in a way that cannot work; the message says what to change."""

    def __init__(self, detail: str) -> None:
        super().__init__("sdk.usage", detail)
