"""For APIs that agents call: guards, and `RemitMiddleware`, which puts one in front of any ASGI application."""

from .asgi import RemitMiddleware, call_of
from .behind_gateway import behind_gateway
from .by_token import by_token
from .direct import direct
from .guard import Actor, Guard, Person, RemitCall, Route, TaskOfCall
from .metadata import protected_resource_metadata, protected_resource_metadata_path
from .used_once import UsedInMemory, UsedOnce

__all__ = [
    "Actor",
    "Guard",
    "Person",
    "RemitCall",
    "RemitMiddleware",
    "Route",
    "TaskOfCall",
    "UsedInMemory",
    "UsedOnce",
    "behind_gateway",
    "by_token",
    "call_of",
    "direct",
    "protected_resource_metadata",
    "protected_resource_metadata_path",
]
