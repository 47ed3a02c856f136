"""Random selection sets and fragments on a path to a type of the schema."""

from collections import deque
from collections.abc import Mapping
from functools import cache

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

from tests.support.operations.arguments import Arguments
from tests.support.operations.dice import Dice
from tests.support.operations.values import literal
from tests.support.operations.variables import Variables

Composite = GraphQLObjectType | GraphQLInterfaceType

_DEEPEST = 9
_MOST_FIELDS = 24
_MOST_ALIASES = 25


class Selections:
    """Generates the selection sets of one operation; `fragments` are their fragment definitions by name."""

    def __init__(
        self,
        dice: Dice,
        schema: GraphQLSchema,
        arguments: Arguments,
        variables: Variables,
        prefix: str,
        is_straight: bool,
    ) -> None:
        self.fragments: dict[str, str] = {}
        self._dice = dice
        self._schema = schema
        self._arguments = arguments
        self._variables = variables
        self._prefix = prefix
        self._conditions: dict[str, Composite] = {}
        self._names = 0
        self._aliases = 0
        self._left = _MOST_FIELDS
        self._is_straight = is_straight

    def of(self, parent: Composite, target: str | None, depth: int = 0) -> str:
        """Fields of `parent` on a path to the type `target`, with all fields of that type; None for any path."""
        dice = self._dice
        parts = self._towards(parent, target, depth) if target else []
        wanted = dice.number(0, 3) if parts else dice.number(1, 4)
        parts += [self._any(parent, depth) for _ in range(wanted)]
        if isinstance(parent, GraphQLInterfaceType) and dice.chance(70):
            parts.append("__typename")
        if dice.chance(20):
            parts.append(self._fragment(parent, None, depth))
        if parts and dice.chance(10):
            # The same again, which the answer merges.
            parts.append(dice.pick(parts))
        if not any(parts):
            parts = ["__typename"]
        start = dice.number(0, len(parts) - 1)
        return f"{{ {' '.join(parts[start:] + parts[:start])} }}"

    def _towards(self, parent: Composite, target: str, depth: int) -> list[str]:
        if parent.name == target:
            names = [name for name in parent.fields if self._is_straight or self._dice.chance(70)]
            return [self._field(parent, name, None, depth) for name in names]
        distances = ways(self._schema, target)
        if parent.name not in distances:
            return []
        nearer = [
            name
            for name, field in parent.fields.items()
            if distances.get(get_named_type(field.type).name, 99) < distances[parent.name]
        ]
        kinds = [
            kind for kind in _possible(self._schema, parent) if distances.get(kind.name, 99) < distances[parent.name]
        ]
        if kinds and not nearer:
            return ["__typename", self._fragment(parent, target, depth, self._dice.pick(kinds))]
        return [self._field(parent, self._dice.pick(nearer), target, depth)]

    def _any(self, parent: Composite, depth: int) -> str:
        """A random field, mostly a leaf."""
        dice = self._dice
        if dice.chance(8):
            return f"{self._alias('__typename', 30)}{self._directives()}"
        leaves = [name for name, field in parent.fields.items() if is_leaf_type(get_named_type(field.type))]
        if depth == 0 and dice.chance(4):
            return dice.pick(_INTROSPECTION)
        others = [name for name in parent.fields if name not in leaves]
        if others and (not leaves or dice.chance(30)) and depth < _DEEPEST and self._left > 0:
            return self._field(parent, dice.pick(others), None, depth)
        return self._field(parent, dice.pick(leaves), None, depth) if leaves else "__typename"

    def _field(self, parent: Composite, name: str, target: str | None, depth: int) -> str:
        field: GraphQLField = parent.fields[name]
        kind = get_named_type(field.type)
        if not is_leaf_type(kind) and target is None and (depth >= _DEEPEST or self._left <= 0):
            return ""
        self._left -= 1
        is_straight = self._is_straight and target is not None
        write = self._arguments.plain if is_straight else self._arguments.of
        arguments = write(parent.name, name, field, is_nested=depth > 0)
        # What is asked for with arguments has a name of its own: it could not be merged with the same field elsewhere.
        head = self._alias(name, 100 if arguments or name == "kind" else 12) + arguments
        if is_leaf_type(kind):
            return head + self._directives()
        assert isinstance(kind, Composite)
        part = f"{head}{'' if is_straight else self._directives()} {self.of(kind, target, depth + 1)}"
        if self._dice.chance(12):
            # Again with other fields below, merged field by field.
            again = f"{head}{self._directives()} {self.of(kind, None, depth + 1)}"
            part += f" {self._wrapped(parent, again)}"
        return part

    def _wrapped(self, parent: Composite, part: str) -> str:
        """`part` itself, or in a fragment on the same type."""
        match self._dice.number(0, 3):
            case 1:
                return f"...{self._directives()} {{ {part} }}"
            case 2:
                return f"... on {parent.name}{self._directives()} {{ {part} }}"
            case 3:
                return f"...{self._defined(parent, f'{{ {part} }}')}{self._directives()}"
        return part

    def _fragment(self, parent: Composite, target: str | None, depth: int, on: Composite | None = None) -> str:
        """A fragment that is valid on `parent`: on that type, one of its possible types, or one of its interfaces."""
        dice = self._dice
        known = [name for name, kind in self._conditions.items() if on is None and kind in self._fitting(parent)]
        if known and dice.chance(40):
            return f"...{dice.pick(known)}{self._directives()}"
        kind = on or dice.pick(self._fitting(parent))
        selected = self.of(kind, target, depth)
        directives = "" if self._is_straight and target else self._directives()
        if dice.chance(50):
            return f"...{self._defined(kind, selected)}{directives}"
        condition = "" if kind is parent and dice.chance(30) else f" on {kind.name}"
        return f"...{condition}{directives} {selected}"

    def _defined(self, kind: Composite, selected: str) -> str:
        """Define a fragment; return its name."""
        name = f"{self._prefix}F{len(self.fragments)}"
        self.fragments[name] = f"fragment {name} on {kind.name} {selected}"
        self._conditions[name] = kind
        return name

    def _fitting(self, parent: Composite) -> list[Composite]:
        wider = list(parent.interfaces) if isinstance(parent, GraphQLObjectType) else []
        return [parent, *_possible(self._schema, parent), *wider]

    def _alias(self, name: str, percent: int) -> str:
        if self._aliases >= _MOST_ALIASES or not self._dice.chance(percent):
            return name
        self._aliases += 1
        return f"{self._prefix}{self._aliases}{name.strip('_')}: {name}"

    def _directives(self) -> str:
        dice = self._dice
        if not dice.chance(12):
            return ""
        names = dice.pick([("skip",), ("include",), ("skip", "include"), ("include", "skip")])
        return "".join(f" @{name}(if: {self._condition(name)})" for name in names)

    def _condition(self, name: str) -> str:
        if self._dice.chance(50):
            return literal(self._variables.condition())
        # What is left out most of the time would leave little to compare.
        return literal((name == "include") is not self._dice.chance(25))


_INTROSPECTION = (
    '__type(name: "Message") { kind name fields { name type { kind ofType { name } } } }',
    "__schema { queryType { name } directives { name } }",
)


@cache
def ways(schema: GraphQLSchema, target: str) -> Mapping[str, int]:
    """The distance of each type from `target`, in fields and fragments."""
    before: dict[str, list[str]] = {}
    for kind in schema.type_map.values():
        if isinstance(kind, Composite) and not kind.name.startswith("__"):
            for field in kind.fields.values():
                before.setdefault(get_named_type(field.type).name, []).append(kind.name)
            # Of which type a node is depends on the id that is asked for.
            for possible in _possible(schema, kind) if kind.name != "Node" else ():
                before.setdefault(possible.name, []).append(kind.name)
    distances = {target: 0}
    left = deque([target])
    while left:
        name = left.popleft()
        for earlier in before.get(name, ()):
            if earlier not in distances:
                distances[earlier] = distances[name] + 1
                left.append(earlier)
    return distances


def _possible(schema: GraphQLSchema, kind: GraphQLNamedType) -> list[GraphQLObjectType]:
    return list(schema.get_possible_types(kind)) if isinstance(kind, GraphQLInterfaceType) else []
