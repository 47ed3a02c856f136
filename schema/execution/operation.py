"""One prepared operation: a plan for each way in which its conditions can turn out."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    DirectiveNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.values import VariableValues, get_variable_values
from strawberry import Schema

from resolvers.context import Context
from schema.execution.leaves import PlanBailout
from schema.execution.plan import Plan
from schema.execution.selections import Selections
from schema.execution.variables import MOST_BYTES, MOST_SETS, KnownVariables, Variables
from schema.limits.documents import ParsedDocument

MOST_PLANS = 8
"""Ways in which the conditions of an operation may turn out that get a plan."""

_LONGEST_PAUSE = 64
_BYTES_A_FIELD = 2_000
_BYTES_OF_VARIABLES = 4 * MOST_SETS * MOST_BYTES
_NO_VARIABLES = Variables(VariableValues({}, {}))


class PreparedOperation:
    """A query of a valid document. `size` is about what it and its document take, in bytes."""

    def __init__(
        self, schema: Schema, context: Context, document: ParsedDocument, operation: OperationDefinitionNode
    ) -> None:
        self.name = operation.name.value if operation.name else None
        self.cost = document.cost(self.name)
        self._schema = schema
        self._context = context
        self._operation = operation
        self._fragments = [node for node in document.tree.definitions if isinstance(node, FragmentDefinitionNode)]
        self._definitions = operation.variable_definitions or ()
        conditions = _Conditions()
        for node in (operation, *self._fragments):
            visit(node, conditions)
        self._conditions = tuple(sorted(conditions.names))
        self._plans: dict[tuple[object, ...], Plan | None] = {}
        self._variables = KnownVariables(self._coerced)
        self.size = document.size + (_BYTES_OF_VARIABLES if self._definitions else 0)
        self._pause = 0
        self._paused = 0

    def variables(self, given: Mapping[str, Any] | None) -> Variables | None:
        """The values of its variables; None where some are wrong."""
        return self._variables.of(given or {}) if self._definitions else _NO_VARIABLES

    def _coerced(self, given: Mapping[str, Any]) -> VariableValues | None:
        values = get_variable_values(self._schema._schema, self._definitions, dict(given), max_errors=1)
        return values if isinstance(values, VariableValues) else None

    def plan(self, variables: Variables) -> Plan | None:
        """The plan for these values; None where there is none."""
        key = tuple(variables.values.coerced.get(name) for name in self._conditions)
        if key not in self._plans:
            if len(self._plans) >= MOST_PLANS:
                return None
            self._plans[key] = self._planned(variables.values)
        return self._plans[key]

    def _planned(self, variables: VariableValues) -> Plan | None:
        selections = Selections(self._schema, self._context, self._operation, self._fragments, variables)
        try:
            return Plan(selections.root(), selections)
        except (PlanBailout, GraphQLError):
            return None
        finally:
            self.size += _BYTES_A_FIELD * selections.fields

    @property
    def is_paused(self) -> bool:
        """Whether a plan should not be tried now. Whoever asks over and over for what has errors pays for it once."""
        self._paused = max(self._paused - 1, -1)
        return self._paused >= 0

    def gave_up(self) -> None:
        """Its plan was tried in vain."""
        self._pause = min(2 * self._pause + 1, _LONGEST_PAUSE)
        self._paused = self._pause

    def succeeded(self) -> None:
        """Its plan gave the answer."""
        self._pause = 0


class _Conditions(Visitor):
    """The names of the variables on which it depends what is selected."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value in {"skip", "include"}:
            self.names.update(
                argument.value.name.value
                for argument in node.arguments or ()
                if isinstance(argument.value, VariableNode)
            )
