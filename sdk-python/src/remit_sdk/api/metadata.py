"""The document that tells a client where tokens for an API come from (RFC 9728)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..wire.address import parsed


def protected_resource_metadata(
    resource: str, issuer: str, *, title: str | None = None, scopes: Sequence[str] | None = None
) -> dict[str, Any]:
    """Serve it as JSON at `protected_resource_metadata_path(resource)`, without any credential."""
    document: dict[str, Any] = {
        "resource": resource,
        "authorization_servers": [issuer],
        "bearer_methods_supported": ["header"],
        "authorization_details_types_supported": ["remit_call"],
        "dpop_signing_alg_values_supported": ["ES256", "Ed25519", "EdDSA"],
        "dpop_bound_access_tokens_required": True,
    }
    if title is not None:
        document["resource_name"] = title
    if scopes is not None:
        document["scopes_supported"] = list(scopes)
    return document


def protected_resource_metadata_path(resource: str) -> str:
    """Where the document belongs: the well-known part goes between host and path (RFC 9728 section 3.1)."""
    return f"/.well-known/oauth-protected-resource{parsed(resource).path.rstrip('/')}"
