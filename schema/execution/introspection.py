"""Operations that ask for nothing but the schema: tools that watch it send them again and again."""

from inspect import isawaitable
from typing import Any

from graphql import DocumentNode, execute
from strawberry import Schema

from schema.execution.leaves import PlanBailout
from schema.execution.plan import plan_numbers
from schema.execution.selections import SelectedType
from schema.execution.variables import RequestVariables
from schema.executor import BudgetedExecutor

_TYPENAME = "__typename"


def is_introspection(selected: SelectedType) -> bool:
    """Whether a selection on the root type has fields of introspection, and no others."""
    names = {details[0].node.name.value for details in selected.groups.values()}
    return all(name.startswith("__") for name in names) and names != {_TYPENAME}


class Introspection:
    """Takes the place of a plan. graphql-core executes the operation, whose data is the same each time."""

    is_cacheable = True
    reads = False

    def __init__(self, schema: Schema, document: DocumentNode, operation_name: str | None) -> None:
        self.number = next(plan_numbers)
        self._schema = schema
        self._document = document
        self._operation_name = operation_name

    async def __call__(self, values: list[Any], variables: RequestVariables) -> list[Any]:
        """The data for each of the values, which are not used. Raises PlanBailout when it has errors."""
        result = execute(
            self._schema._schema,
            self._document,
            variable_values=dict(variables.values.coerced),
            operation_name=self._operation_name,
            executor_class=BudgetedExecutor,
        )
        if isawaitable(result):
            result = await result
        if result.errors:
            raise PlanBailout
        return [result.data] * len(values)
