"""Refusals as results of tools."""

from __future__ import annotations

import inspect

import anyio
import pytest

from remit_sdk import CallFailed, Denied, RefusalFacts, UsageError, refusals_as_results

DENIED = Denied(RefusalFacts("task.not_covered", "no", 403, enough="another task"))


def test_what_is_refused_is_a_result_and_misuse_is_raised() -> None:
    failures: list[Exception] = [DENIED, CallFailed("server.unreachable", "gone", "unknown")]

    @refusals_as_results
    def look(order: str) -> str:
        """Looks at an order."""
        if failures:
            raise failures.pop(0)
        return order

    assert (
        look("1")
        == "DENIED, not executed (task.not_covered): no\nWhat would be enough: another task"
    )
    assert look("1").startswith("FAILED, it may have been executed")
    assert look("1") == "1"
    assert (look.__doc__, list(inspect.signature(look).parameters)) == (
        "Looks at an order.",
        ["order"],
    )
    failures.append(UsageError("x"))
    with pytest.raises(UsageError):
        look("1")
    failures.append(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        look("1")


def test_coroutines_stay_coroutines() -> None:
    @refusals_as_results
    async def look(misused: bool) -> str:
        raise UsageError("x") if misused else DENIED

    assert inspect.iscoroutinefunction(look)
    assert anyio.run(look, False).startswith("DENIED")
    with pytest.raises(UsageError):
        anyio.run(look, True)
