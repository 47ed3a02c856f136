"""A prepared operation: a query, with a plan for each combination of its `@skip` and `@include` conditions."""

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
from schema.execution.introspection import Introspection, is_introspection
from schema.execution.leaves import PlanBailout
from schema.execution.plan import Plan
from schema.execution.selections import Selections
from schema.execution.variables import CACHE_BYTES, RequestVariables, VariablesCache
from schema.limits.documents import ParsedDocument
from schema.limits.lists import list_errors

MAX_PLANS = 8
"""Combinations of conditions that get a plan."""

_MAX_BACKOFF = 64
_BYTES_PER_FIELD = 2_000
_NO_VARIABLES = RequestVariables(VariableValues({}, {}), b"")


class PreparedOperation:
    """A query of a valid document. `size` estimates the memory of it and of its document in bytes."""

    def __init__(
        self, schema: Schema, context: Context, document: ParsedDocument, operation: OperationDefinitionNode
    ) -> None:
        self.text = document.text
        self.name = operation.name.value if operation.name else None
        self.cost = document.cost(self.name)
        self._schema = schema
        self._context = context
        self._operation = operation
        self._fragments = [node for node in document.tree.definitions if isinstance(node, FragmentDefinitionNode)]
        self._definitions = operation.variable_definitions or ()
        conditions = _ConditionNames()
        for node in (operation, *self._fragments):
            visit(node, conditions)
        self._conditions = tuple(sorted(conditions.names))
        self._document = document
        self._plans: dict[tuple[object, ...], Plan | Introspection | None] = {}
        self._variables = VariablesCache(self._coerced)
        self.size = document.size + (CACHE_BYTES if self._definitions else 0)
        self._backoff = 0
        self._skips_left = 0

    def variables(self, given: Mapping[str, Any] | None) -> RequestVariables | None:
        """The coerced values of its variables; None when some are wrong."""
        return self._variables.get(given or {}) if self._definitions else _NO_VARIABLES

    def _coerced(self, given: Mapping[str, Any]) -> VariableValues | None:
        if any(list_errors(self._schema._schema, self._definitions, given)):
            return None
        values = get_variable_values(self._schema._schema, self._definitions, dict(given), max_errors=1)
        return values if isinstance(values, VariableValues) else None

    def plan(self, variables: RequestVariables) -> Plan | Introspection | None:
        """The plan for these values; None when the operation cannot be planned."""
        key = tuple(variables.values.coerced.get(name) for name in self._conditions)
        if key not in self._plans:
            if len(self._plans) >= MAX_PLANS:
                return None
            self._plans[key] = self._new_plan(variables.values)
        return self._plans[key]

    def _new_plan(self, variables: VariableValues) -> Plan | Introspection | None:
        selections = Selections(self._schema, self._context, self._operation, self._fragments, variables)
        try:
            root = selections.root()
            if is_introspection(root):
                return Introspection(self._schema, self._document.tree, self.name)
            return Plan(root, selections)
        except (PlanBailout, GraphQLError):
            return None
        finally:
            self.size += _BYTES_PER_FIELD * selections.fields

    def is_backing_off(self) -> bool:
        """Whether to leave this request to graphql-core, as plans failed lately.

        Otherwise an operation that always has errors would be executed twice each time.
        """
        self._skips_left = max(self._skips_left - 1, -1)
        return self._skips_left >= 0

    def record_failure(self) -> None:
        """Its plan failed: skip it for a number of requests that doubles with each failure."""
        self._backoff = min(2 * self._backoff + 1, _MAX_BACKOFF)
        self._skips_left = self._backoff

    def record_success(self) -> None:
        """Its plan gave the answer."""
        self._backoff = 0


class _ConditionNames(Visitor):
    """Collects the names of variables in `@skip` and `@include`."""

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
