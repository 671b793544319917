"""
For agents that work under Remit: open a task, call APIs as it, let people approve, hand parts on, close it. For APIs see
`remit_sdk.api`.
"""

from .errors import (
    AlreadyExecuted,
    ApprovalRequired,
    CallFailed,
    ConsentRequired,
    Denied,
    PendingApproval,
    RefusalFacts,
    RemitError,
    UsageError,
)
from .results import refusals_as_results
from .task.asking import Asked
from .task.authority import Bound, Detail, Limit
from .task.held import OnApproval
from .tasks import (
    AsyncTask,
    Task,
    ask_person,
    ask_person_async,
    open_async_task,
    open_task,
    redeem_async_ticket,
    redeem_ticket,
)
from .wire.keys import AgentIdentity
from .wire.server import RemitServer

__all__ = [
    "AgentIdentity",
    "AlreadyExecuted",
    "ApprovalRequired",
    "Asked",
    "AsyncTask",
    "Bound",
    "CallFailed",
    "ConsentRequired",
    "Denied",
    "Detail",
    "Limit",
    "OnApproval",
    "PendingApproval",
    "RefusalFacts",
    "RemitError",
    "RemitServer",
    "Task",
    "UsageError",
    "ask_person",
    "ask_person_async",
    "open_async_task",
    "open_task",
    "redeem_async_ticket",
    "redeem_ticket",
    "refusals_as_results",
]
