"""For APIs that agents call: guards, and `RemitMiddleware`, which puts one in front of any ASGI application."""

from .asgi import RemitMiddleware, call_of
from .by_token import by_token
from .client_certificate import ClientCertificates
from .direct import direct
from .guard import Actor, Guard, Person, RemitCall, Route, TaskOfCall
from .metadata import protected_resource_metadata, protected_resource_metadata_path
from .replace_token import replace_transaction_token
from .transactions import behind_gateway, inside_domain
from .used_once import UsedInMemory, UsedOnce

__all__ = [
    "Actor",
    "ClientCertificates",
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
    "inside_domain",
    "protected_resource_metadata",
    "protected_resource_metadata_path",
    "replace_transaction_token",
]
