"""Random requests: a document of one or two operations, values of its variables, method and headers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLSchema, Lexer, Source, TokenKind
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.support.operations.arguments import Arguments
from tests.support.operations.database import known
from tests.support.operations.dice import Dice
from tests.support.operations.reached import composites
from tests.support.operations.selections import Selections
from tests.support.operations.variables import Variables, plain

KNOWN = known()
ACCEPTED = ("application/json", "application/graphql-response+json", "*/*", "application/*;q=0.5, text/html")
_NAME = re.compile("<[A-Za-z]+ [^>]+>")
_STRANGE_EXTENSIONS: tuple[Any, ...] = ({"cost": False}, {}, None, {"cost": 1, "x": [1]})


@dataclass(frozen=True)
class Request:
    """A request, which is sent once with each of its `variables`."""

    query: str
    variables: tuple[Any, ...] = (None,)
    operation_name: str | None = None
    extensions: Any = None
    accept: str = ACCEPTED[0]
    method: str = "POST"

    def body(self, variables: Any, names: Mapping[str, str]) -> dict[str, Any]:
        """The members of the request, with names replaced by the values that a database has for them."""
        members = {
            "query": self.query,
            "variables": variables,
            "operationName": self.operation_name,
            "extensions": self.extensions,
        }
        return {member: _named(value, names) for member, value in members.items() if value is not None}


def requests(schema: GraphQLSchema) -> SearchStrategy[Request]:
    """A Hypothesis strategy for requests."""

    @st.composite
    def made(draw: st.DrawFn) -> Request:
        return request(Dice(lambda low, high: draw(st.integers(low, high))), schema)

    return made()


def request(dice: Dice, schema: GraphQLSchema, target: str | None = None) -> Request:
    """A random request; with `target`, the name of a type, one that selects that type's fields."""
    is_straight = target is not None or dice.chance(50)
    target = target or dice.pick(composites(schema)).name
    is_named = dice.chance(50)
    main = _operation(dice, schema, "a", "A" if is_named else "", target, is_straight)
    query, variables = main.text, main.values
    name = "A" if is_named and dice.chance(50) else None
    if is_named and dice.chance(25):
        other = _operation(dice, schema, "b", "B")
        query = f"{query}\n{other.text}" if dice.chance(50) else f"{other.text}\n{query}"
        variables = [{**theirs, **ours} for ours, theirs in zip(variables, other.values, strict=True)]
        name = dice.pick(["A", "A", "B"])
    if dice.chance(3):
        name = dice.pick(["C", "A", "B", ""])
    if dice.chance(6):
        query = mutated(dice, query)
    return Request(
        query,
        tuple(_sent(dice, values) for values in variables),
        name,
        {"cost": True} if dice.chance(30) else dice.pick(_STRANGE_EXTENSIONS),
        dice.pick(ACCEPTED) if dice.chance(50) else ACCEPTED[0],
        "GET" if dice.chance(25) else "POST",
    )


def _named(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case str():
            return _NAME.sub(lambda found: names.get(found[0], found[0]), value)
        case list():
            return [_named(item, names) for item in value]
        case dict():
            return {key: _named(item, names) for key, item in value.items()}
    return value


@dataclass(frozen=True)
class _Operation:
    text: str
    values: list[dict[str, Any]]


def _operation(
    dice: Dice,
    schema: GraphQLSchema,
    prefix: str,
    name: str,
    target: str | None = None,
    is_straight: bool = False,
) -> _Operation:
    assert schema.query_type is not None
    variables = Variables(dice, prefix)
    selections = Selections(dice, schema, Arguments(dice, KNOWN, variables), variables, prefix, is_straight)
    selected = selections.of(schema.query_type, target)
    head = f"query {name}{variables.declarations} " if name or variables.declarations or dice.chance(20) else ""
    parts = [head + selected, *selections.fragments.values()]
    start = dice.number(0, len(parts) - 1)
    return _Operation("\n".join(parts[start:] + parts[:start]), variables.values)


def _sent(dice: Dice, values: Mapping[str, Any]) -> Any:
    """Variables as JSON, sometimes with an undeclared one; None if there are none."""
    if not values and dice.chance(50):
        return None
    extra = {"undeclared": dice.pick([1, None, "é"])} if dice.chance(10) else {}
    return {**plain(dict(values)), **extra}


def mutated(dice: Dice, query: str) -> str:
    """A document with one token removed, doubled or replaced by another one."""
    spans = _tokens(query)
    start, end = dice.pick(spans)
    token = query[start:end]
    other = query[slice(*dice.pick(spans))]
    return f"{query[:start]}{dice.pick(['', f'{token} {token}', other])}{query[end:]}"


def _tokens(query: str) -> list[tuple[int, int]]:
    lexer, spans = Lexer(Source(query)), []
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        spans.append((token.start, token.end))
    return spans
