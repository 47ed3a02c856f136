"""The sizes by which objects of an answer count in its budget: the same for plans and for graphql-core."""

from typing import Any

from graphql import GraphQLObjectType, get_named_type

SIZED_SCALARS = {"String", "JSON"}
"""Scalars whose texts count by their length."""

_OBJECT_BYTES = 64
_FIELD_BYTES = 16
_ID_BYTES = 64


def object_bytes(kind: GraphQLObjectType, groups: "dict[str, Any]") -> int:
    """The bytes of an object with these fields, without texts of unlimited length."""
    return _OBJECT_BYTES + sum(_field_bytes(kind, details[0].node.name.value) for details in groups.values())


def _field_bytes(kind: GraphQLObjectType, name: str) -> int:
    field = kind.fields.get(name)
    return _ID_BYTES if field is not None and get_named_type(field.type).name == "ID" else _FIELD_BYTES
