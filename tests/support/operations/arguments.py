"""Random arguments of fields: most of them match data in the database, some are invalid."""

from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

from tests.support.operations.database import Known
from tests.support.operations.dice import Dice
from tests.support.operations.values import Name, literal
from tests.support.operations.variables import Variables

_STRANGE_SIZES = (0, 1, 500, 501, 2**31 - 1, -1, -(2**31), 2**31, None, 1.0, "1", True)
_STRANGE_WORDS = ('"', "", "   ", "*", "NOT", "\u0000x", "漢", "👍", "quokka " * 40)
_STRANGE_TEXTS = ("", "x" * 300, "\u0000", "\U0001f468\u200d\U0001f469", "' OR 1=1 --", None)
_STRANGE_CURSORS = ("", "x", "e30", "WzFd", "é", None)
_STRANGE_IDS: tuple[Any, ...] = ("nobody", "", " ", "../x", "x" * 201, "\u0000", 7, -1, 1.5, True, None, [])
_STRANGE_MOMENTS = ("now", "2026-06-11", "2026-06-11T07:52:10", "9999-12-31T23:59:59-23:59", 5, None)


class Arguments:
    """Generates the arguments of one operation's fields; some values, or parts of them, are variables."""

    def __init__(self, dice: Dice, known: Known, variables: Variables) -> None:
        self._dice = dice
        self._known = known
        self._variables = variables

    def of(self, parent: str, name: str, field: GraphQLField, *, is_nested: bool) -> str:
        """The arguments of a field as GraphQL text; empty for none."""
        dice = self._dice
        given: dict[str, Any] = {}
        place = f"{parent}.{name}"
        paging = self._paging(field, is_nested)
        for argument, definition in field.args.items():
            if argument in _PAGING and argument not in paging:
                continue
            if is_required_argument(definition) or argument in paging or dice.chance(30):
                given[argument] = self._argument(place, argument, definition, field)
        return _written(given)

    def plain(self, parent: str, name: str, field: GraphQLField, *, is_nested: bool) -> str:
        """The required arguments only, with values that match data."""
        given: dict[str, Any] = {"first": self._dice.pick((5, 20))} if is_nested and "first" in field.args else {}
        for argument, definition in field.args.items():
            if is_required_argument(definition):
                kind = get_named_type(definition.type)
                if isinstance(kind, GraphQLInputObjectType):
                    # A span of some weeks.
                    given[argument] = {"from": self._known.moments[0], "until": self._known.moments[2]}
                    continue
                names = [Name(value) for value in kind.values] if isinstance(kind, GraphQLEnumType) else []
                choices = names or self._choices(kind.name, f"{parent}.{name}", argument, "")[0]
                given[argument] = self._dice.pick(choices) if self._dice.chance(30) else choices[0]
        return _written(given)

    def _paging(self, field: GraphQLField, is_nested: bool) -> set[str]:
        """A choice of first, after, last and before. Nested pages get a size, to stay within the cost limit."""
        dice = self._dice
        if "first" not in field.args:
            return set()
        if dice.chance(3):
            return set(dice.some(_PAGING, 4))
        backward = "last" in field.args and dice.chance(25)
        chosen = {"last" if backward else "first"} if dice.chance(95 if is_nested else 70) else set()
        if dice.chance(25):
            chosen.add("before" if backward else "after")
        if dice.chance(4):
            chosen.add("after" if backward else "before")
        return chosen

    def _argument(self, place: str, name: str, definition: GraphQLArgument, field: GraphQLField) -> Any:
        target = get_named_type(field.type).name

        def value() -> Any:
            return self._value(definition.type, place, name, target)

        if self._dice.chance(25):
            return self._variables.new(definition.type, definition.default_value is not Undefined, value)
        return self._value(definition.type, place, name, target, with_variables=True)

    def _value(
        self, kind: GraphQLInputType, place: str, name: str, target: str, *, with_variables: bool = False
    ) -> Any:
        if self._dice.chance(1 if isinstance(kind, GraphQLNonNull) else 6):
            return None
        if isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        if isinstance(kind, GraphQLList):
            return self._list(kind, place, name, target, with_variables)
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind, place, target, with_variables)
        if isinstance(kind, GraphQLEnumType):
            return self._enum(kind)
        return self._scalar(kind.name, place, name, target)

    def _list(self, kind: GraphQLList[Any], place: str, name: str, target: str, with_variables: bool) -> Any:
        items = [
            self._within(kind.of_type, False, place, name, target, with_variables)
            for _ in range(self._dice.number(0 if self._dice.chance(5) else 1, 3))
        ]
        return items[0] if len(items) == 1 and self._dice.chance(30) else items

    def _object(self, kind: GraphQLInputObjectType, place: str, target: str, with_variables: bool) -> dict[str, Any]:
        given = {}
        for name, field in kind.fields.items():
            if is_required_input_field(field) or self._dice.chance(25):
                has_default = field.default_value is not Undefined
                given[name] = self._within(field.type, has_default, place, name, target, with_variables)
        return given

    def _within(
        self, kind: GraphQLInputType, has_default: bool, place: str, name: str, target: str, with_variables: bool
    ) -> Any:
        if with_variables and self._dice.chance(15):
            return self._variables.new(kind, has_default, lambda: self._value(kind, place, name, target))
        return self._value(kind, place, name, target, with_variables=with_variables)

    def _enum(self, kind: GraphQLEnumType) -> Any:
        names = [Name(name) for name in kind.values]
        return self._dice.pick(["NOBODY", Name("NOBODY"), 1]) if self._dice.chance(2) else self._dice.pick(names)

    def _scalar(self, kind: str, place: str, name: str, target: str) -> Any:
        usual, strange = self._choices(kind, place, name, target)
        return self._dice.pick(strange) if self._dice.chance(4) else self._dice.pick(usual)

    def _choices(self, kind: str, place: str, name: str, target: str) -> tuple[Any, Any]:
        """Usual and unusual values of an argument."""
        known = self._known
        if kind == "ID":
            if place in ("Query.node", "Query.nodes"):
                return known.node_ids, _STRANGE_IDS
            is_of_session = place == "Query.session" or name == "sessionId"
            return known.session_ids if is_of_session else known.thread_ids, _STRANGE_IDS
        if kind == "Int" and name == "from":
            # Few messages have many blocks.
            return (0, 0, 1, 2), _STRANGE_SIZES
        if kind == "Int":
            return (1, 2, 3, 3, 5), _STRANGE_SIZES
        if kind == "BigInt":
            return (0, 0, 1, 3), (-1, 2**53 - 1, 2**53, 10**30, 1.0, "1", None)
        if kind == "DateTime":
            return known.moments, _STRANGE_MOMENTS
        if kind == "Boolean":
            return (False, True), (None, 1)
        if name in ("after", "before"):
            # Those of other lists are refused.
            anywhere = [cursor for cursors in known.cursors.values() for cursor in cursors]
            usual = known.cursors.get(place) or known.cursors.get(target) or anywhere
            return usual, (*_STRANGE_CURSORS, *anywhere)
        if name == "query":
            return known.words, _STRANGE_WORDS
        return known.texts[name], _STRANGE_TEXTS


_PAGING = ("first", "after", "last", "before")


def _written(given: dict[str, Any]) -> str:
    return f"({', '.join(f'{name}: {literal(value)}' for name, value in given.items())})" if given else ""
