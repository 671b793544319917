"""Tools of an agent for orders, as plain functions: every framework takes them."""

import os
import sys
from collections.abc import Callable

from remit_sdk import AgentIdentity, Bound, Task, open_task, refusals_as_results
from sign_in import id_token

ISSUER = os.environ.get("REMIT_ISSUER", "http://127.0.0.1:7480")
GATEWAY = os.environ.get("REMIT_GATEWAY", "http://127.0.0.1:7481")

INSTRUCTIONS = """You help with orders.
When a tool answers PENDING, tell the person where to approve it and stop; call it again with the same arguments when they say that it is approved.
When a tool answers DENIED, ALREADY EXECUTED or ALREADY UNDER WAY, do not call it again: say what it says."""


def open_refund_task(order: str) -> Task:
    """One task for one conversation: what the agent may do in it, and what for."""
    bounds: list[Bound] = [{"path": "/order_id", "op": "eq", "value": order}]
    actions = ["orders.read", "orders.refund"]
    return open_task(
        ISSUER,
        AgentIdentity.from_file("refund-bot"),
        subject_token=id_token,
        purpose=f"refund order {order}",
        details=[{"locations": [f"{GATEWAY}/orders"], "actions": actions, "bounds": bounds}],
        on_consent=lambda consent: print("Please agree:", consent.interaction_uri),
    )


def order_tools(task: Task) -> list[Callable[..., str]]:
    @refusals_as_results
    def look_at_order(order_id: str) -> str:
        """Looks at an order."""
        return task.get(f"{GATEWAY}/orders/orders/{order_id}").text

    @refusals_as_results
    def refund_order(order_id: str, amount: str) -> str:
        """Refunds this much of an order, such as 12.50."""
        body = f'{{"amount": {float(amount):.2f}}}'
        headers = {"content-type": "application/json"}
        url = f"{GATEWAY}/orders/orders/{order_id}/refunds"
        return task.post(url, content=body, headers=headers).text

    return [look_at_order, refund_order]


def converse(say: Callable[[str], str]) -> None:
    """Lets a person talk with the agent, a line each, until there is no more."""
    print("What can I do for you?")
    for line in sys.stdin:
        print("said", say(line))
