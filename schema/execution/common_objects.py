"""Generated code that builds the objects of a list, of an interface's types, each from an object of its own class."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import orjson
from graphql import GraphQLLeafType

from schema.execution.leaves import GENERATED_NAMES, Leaf, leaf_expression
from schema.limits.answer_size import SIZED_SCALARS

BuildCommon = Callable[[Sequence[Sequence[Any] | None]], tuple[list[list[dict[str, Any]] | None], int]]
"""Builds the objects of each list, None for None, and returns their size too. Raises as BuildObjects does."""


class ResolvedLeaf(NamedTuple):
    """A scalar or enum field whose resolver takes nothing but the row, and does not wait."""

    resolve: Callable[[Any], object]
    kind: GraphQLLeafType
    is_required: bool


class CommonType(NamedTuple):
    """An object type: its fields, or its name, by their keys in the answer, and the size of an object without texts.

    `hints` are the annotations of the class of its values.
    """

    entries: Mapping[str, Leaf | ResolvedLeaf | str]
    object_bytes: int
    hints: Mapping[str, Any]


def compile_common(types: Mapping[type[Any], CommonType]) -> BuildCommon:
    """Generate the function that builds objects by the classes of values.

    Their annotations tell what is never null and what is JSON text. `position` is the place in the list.
    """
    names: dict[str, Any] = {**GENERATED_NAMES, "Fragment": orjson.Fragment}
    body = ["def build(lists):", "    results = []", "    size = 0", "    for values in lists:"]
    body += ["        if values is None:", "            results.append(None)", "            continue"]
    body += ["        objects = []", "        for position, value in enumerate(values):"]
    body.append("            row_type = type(value)")
    for number, (row_type, (entries, object_bytes, hints)) in enumerate(types.items()):
        names[f"type_{number}"] = row_type
        body.append(f"            {'elif' if number else 'if'} row_type is type_{number}:")
        items: list[str] = []
        sizes = [str(object_bytes)]
        for index, (key, entry) in enumerate(entries.items()):
            value = f"v{index}"
            if isinstance(entry, str):
                items.append(f"{key!r}: {entry!r}")
                continue
            hint = None
            if isinstance(entry, ResolvedLeaf):
                names[f"resolve_{number}_{index}"] = entry.resolve
                source = f"resolve_{number}_{index}(value)"
            elif entry.attribute == "position":
                items.append(f"{key!r}: position")
                continue
            else:
                source = f"value.{entry.attribute}"
                hint = hints[entry.attribute]
            if hint is msgspec.Raw:
                body.append(f"                {value} = bytes({source})")
                items.append(f"{key!r}: Fragment({value})")
                sizes.append(f"len({value})")
                continue
            body.append(f"                {value} = {source}")
            leaf = Leaf("", entry.kind, entry.is_required)
            items.append(f"{key!r}: {leaf_expression(leaf, value, names, is_not_null=hint in (str, bool))}")
            if entry.kind.name in SIZED_SCALARS:
                sizes.append(f"len({value})" if hint is str else f"text_size({value})")
        body.append(f"                size += {' + '.join(sizes)}")
        body.append(f"                objects.append({{{', '.join(items)}}})")
    body += [
        "            else:",
        "                bail_out()",
        "        results.append(objects)",
        "    return results, size",
    ]
    # Safe to compile: keys are GraphQL names, written as Python strings, and attributes are those of our own types.
    exec(compile("\n".join(body), "<plan of a list>", "exec"), names)
    build: BuildCommon = names["build"]
    return build
