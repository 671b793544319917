"""Tasks: opening, calling, approvals, children, closing. Flows only; `sync.py` and `aio.py` above run them."""
