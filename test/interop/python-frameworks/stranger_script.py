"""The calls of one conversation, one after the other, as a model would choose them."""

from __future__ import annotations

CALLS: list[tuple[str, dict[str, str]]] = [
    ("search_notes", {"query": "wet"}),
    ("add_note", {"order_id": "1042", "text": "The customer has been called back."}),
    ("read_note", {"id": "note-1"}),
]


def next_call(done: int) -> tuple[str, dict[str, str]] | None:
    """The call after so many results; none: the conversation is over."""
    return CALLS[done] if done < len(CALLS) else None
