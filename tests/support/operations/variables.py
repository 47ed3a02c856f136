"""The variables of one operation: their declarations, and values for two requests."""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLInputType, GraphQLNonNull

from tests.support.operations.dice import Dice
from tests.support.operations.values import Name, Variable, literal

WRONG: tuple[Any, ...] = ("x", -1, 2**31, 2**53, 1.0, 1.5, True, [], [None], {}, {"x": 1}, "2026-06-11T07:52:10+02:00")
REQUESTS = 2


class Variables:
    """Variables, declared on demand; `values` has the values of each request."""

    def __init__(self, dice: Dice, prefix: str) -> None:
        self._dice = dice
        self._prefix = prefix
        self._declared: dict[str, str] = {}
        self.values: list[dict[str, Any]] = [{} for _ in range(REQUESTS)]

    @property
    def declarations(self) -> str:
        """The declarations as GraphQL text; empty if there are none."""
        return f"({', '.join(self._declared.values())})" if self._declared else ""

    def new(self, kind: GraphQLInputType, has_default: bool, value: Callable[[], Any]) -> Variable:
        """A new variable that is valid at a position of type `kind`, with or without a default there."""
        dice = self._dice
        name = f"{self._prefix}{len(self._declared)}"
        must = isinstance(kind, GraphQLNonNull)
        inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        default = f" = {literal(value())}" if dice.chance(25) else ""
        # One that may be null can stand where null may not, if there is a default on either side.
        strict = must and not default and not (has_default and dice.chance(50))
        strict = strict or (not default and dice.chance(20))
        self._declared[name] = f"${name}: {inner}{'!' if strict else ''}{default}"
        for values in self.values:
            self._give(values, name, strict, value)
        return Variable(name)

    def _give(self, values: dict[str, Any], name: str, strict: bool, value: Callable[[], Any]) -> None:
        dice = self._dice
        if dice.chance(4 if strict else 20):
            return
        if dice.chance(3):
            values[name] = dice.pick(WRONG)
        elif dice.chance(3 if strict else 10):
            values[name] = None
        else:
            given = value()
            # A list may be given as its only item.
            values[name] = given[0] if isinstance(given, list) and len(given) == 1 and dice.chance(50) else given

    def condition(self) -> Variable:
        """A variable for @skip or @include, sometimes the same one."""
        known = [name for name, declared in self._declared.items() if ": Boolean" in declared]
        if known and self._dice.chance(40):
            return Variable(self._dice.pick(known))
        name = f"{self._prefix}{len(self._declared)}"
        default = self._dice.pick(["", "", " = true", " = false"])
        self._declared[name] = f"${name}: Boolean{'' if default and self._dice.chance(70) else '!'}{default}"
        for values in self.values:
            if not (default and self._dice.chance(50)):
                values[name] = self._dice.chance(50) if not self._dice.chance(2) else None
        return Variable(name)


def plain(value: Any) -> Any:
    """A value as JSON."""
    match value:
        case Name():
            return str(value)
        case list():
            return [plain(item) for item in value]
        case dict():
            return {name: plain(item) for name, item in value.items()}
        case _:
            return value
