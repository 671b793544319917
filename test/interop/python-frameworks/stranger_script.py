"""What a model would do in one conversation: three tools, then a message that people have to approve."""

from __future__ import annotations

Call = tuple[str, dict[str, str]]

MESSAGE: Call = ("send_message", {"to": "books@example.com", "text": "A refund is on its way."})
CALLS: list[Call] = [
    ("search_notes", {"query": "wet"}),
    ("add_note", {"order_id": "1042", "text": "The customer has been called back."}),
    ("read_note", {"id": "note-1"}),
    MESSAGE,
]

QUESTION = "What do the notes say about wet books? Write to the customer."
TURNS = [QUESTION, "It is approved.", "Send the same again."]


def next_call(person_spoke: bool, done: int) -> Call | None:
    """The call after so many results. None: the model says to its person what the last result says."""
    if done < len(CALLS):
        return CALLS[done]
    return MESSAGE if person_spoke else None
