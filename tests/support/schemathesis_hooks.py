"""What schemathesis is told about the API, in the process that it runs in: its scalars, and that errors have codes."""

import re
from typing import Any

import graphql
import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from tests.support.endurance import check_errors
from tests.support.strategies import json_documents, json_values, timestamps

_is_name = re.compile(r"[_A-Za-z]\w*", re.ASCII).fullmatch


def literal(value: object) -> graphql.ValueNode:
    """A JSON value as a literal of a document, without the keys that a literal cannot have."""
    match value:
        case None:
            return nodes.Null
        case bool():
            return nodes.Boolean(value)
        case int():
            return nodes.Int(value)
        case float():
            return nodes.Float(value)
        case list():
            return nodes.List([literal(item) for item in value])
        case dict():
            fields = {key: literal(item) for key, item in value.items() if _is_name(key)}
            named = [
                graphql.ObjectFieldNode(name=graphql.NameNode(value=key), value=item) for key, item in fields.items()
            ]
            return nodes.Object(named)
    return nodes.String(value)


schemathesis.graphql.scalar("BigInt", st.integers(-(2**53), 2**53).map(nodes.Int))
schemathesis.graphql.scalar("DateTime", timestamps().map(nodes.String))
schemathesis.graphql.scalar("JSON", (json_documents() | json_values()).map(literal))


@schemathesis.check
def errors_are_coded(context: Any, response: Any, case: Any) -> None:
    check_errors(response.json())
