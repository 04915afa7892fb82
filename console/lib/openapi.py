"""Small pieces of the OpenAPI document, for endpoints that read their input themselves."""

from __future__ import annotations

from typing import Any


def parameter(name: str, description: str, *, where: str = "query", **schema: Any) -> dict[str, Any]:
    """One query or header parameter."""
    return {"name": name, "in": where, "required": False, "description": description, "schema": {"type": "string", **schema}}


def body(model: str, *, required: bool = True) -> dict[str, Any]:
    """A JSON body described by a schema among the components."""
    return {"required": required, "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}}}


IDEMPOTENCY_KEY = parameter("Idempotency-Key", "the same key and the same body again: done once, answered alike", where="header")
