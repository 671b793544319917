"""What a model would do, by the last message: it calls tools, understands their results, and says so."""

from __future__ import annotations

import json

REFUND = {"order_id": "1042", "amount": "200.00"}


def next_step(role: str, text: str) -> tuple[str, dict[str, str]] | str:
    """A tool and its arguments, or words for the person."""
    if role == "person":
        if "another order" in text:
            return "look_at_order", {"order_id": "1043"}
        if "notes" in text:
            return "search_notes", {"query": "wet"}
        return ("refund_order", REFUND) if "approved" in text else ("look_at_order", {"order_id": "1042"})
    if text.startswith(("PENDING", "DENIED", "ALREADY ")):
        return text
    told = json.loads(text) if text.startswith("{") else {}
    if str(told.get("id")).startswith("ref_"):
        return f"done: {told['id']}"
    return ("refund_order", REFUND) if "id" in told else f"read: {text}"
