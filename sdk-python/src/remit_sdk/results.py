"""Refusals as results of tools, for every framework."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from .errors import RemitError, UsageError

F = TypeVar("F", bound=Callable[..., Any])


def refusals_as_results(tool: F) -> F:
    """
    A tool whose refusals are its results: what Remit refused, that people have to approve, or that a call failed is text
    that the model understands. Misuse of the package is still raised. For plain functions and coroutines; name, text and
    parameters stay, so that frameworks read them.
    """
    if inspect.iscoroutinefunction(tool):

        @functools.wraps(tool)
        async def telling_async(*args: Any, **named: Any) -> Any:
            try:
                return await tool(*args, **named)
            except UsageError:
                raise
            except RemitError as error:
                return error.for_model()

        return cast("F", telling_async)

    @functools.wraps(tool)
    def telling(*args: Any, **named: Any) -> Any:
        try:
            return tool(*args, **named)
        except UsageError:
            raise
        except RemitError as error:
            return error.for_model()

    return cast("F", telling)
