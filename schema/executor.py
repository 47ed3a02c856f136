"""graphql-core's executor, with the budget of answers and with time slices."""

import warnings
from collections.abc import Coroutine, Generator, Iterable, ValuesView
from inspect import iscoroutine
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, is_scalar_type
from graphql.execution import ExecutionResult
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from resolvers.answer_budget import AnswerBudget, current_budget, text_size
from resolvers.budgeted_message import BudgetedMessage
from resolvers.message import LONG_CONTENT
from resolvers.time_slices import TimeSlices, time_slices
from schema.limits.answer_size import SIZED_SCALARS, object_bytes

_SHORT_LIST = 50
"""Items of lists that are completed without a look at the time, unless they are long messages."""


# graphql-core cancels the fields beside a failed one, and drops the coroutines that those were to await. An operator
# can do nothing about it, and the warning would stand between the lines of the log.
warnings.filterwarnings("ignore", r"coroutine 'Executor\.", RuntimeWarning)


class BudgetedExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes operations within the current budget, which each event of a subscription has for itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._budget = current_budget.get()

    def build_per_event_executor(self, payload: Any) -> "BudgetedExecutor":
        executor: BudgetedExecutor = super().build_per_event_executor(payload)  # type: ignore[assignment] # A copy.
        if self._budget is not None:
            executor._budget = AnswerBudget(self._budget.limit)
            current_budget.set(executor._budget)
        return executor

    def build_response(self, data: dict[str, Any] | None) -> Any:
        response = super().build_response(data)
        if self._budget is not None and self._budget.is_exceeded:
            error = self._budget.exceeded()
            return ExecutionResult(None, [GraphQLError(str(error), original_error=error)])
        return response

    def execute_fields(
        self, parent_type: GraphQLObjectType, source_value: Any, path: Any, grouped_field_set: Any, *args: Any
    ) -> Any:
        if self._budget is not None:
            self._budget.spend(object_bytes(parent_type, grouped_field_set))
        return super().execute_fields(parent_type, source_value, path, grouped_field_set, *args)

    def complete_leaf_value(self, return_type: Any, result: Any) -> Any:  # type: ignore[override] # Was static.
        value = super().complete_leaf_value(return_type, result)
        if self._budget is not None and is_scalar_type(return_type) and return_type.name in SIZED_SCALARS:
            self._budget.spend(text_size(value))
        return value

    def complete_awaitable_value(  # type: ignore[override] # Was a coroutine.
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> "Completion":
        completing = super().complete_awaitable_value(
            return_type, field_details_list, info, path, result, position_context
        )
        return Completion(completing, result)

    def complete_list_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        # graphql-core gives the types of the schema, for introspection, as the values of a dictionary.
        if isinstance(result, list | ValuesView) and (
            len(result) > _SHORT_LIST or sum(map(_characters, result)) > LONG_CONTENT
        ):
            result = _SlicedList(result)
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)


class Completion:
    """The completion of an awaited value, which closes both coroutines if it is dropped before it began.

    graphql-core cancels the fields beside a failed one, also those that have not begun: Python would warn of coroutines
    that were never awaited.
    """

    __slots__ = ("_completing", "_result")

    def __init__(self, completing: Coroutine[Any, Any, Any], result: Any) -> None:
        self._completing = completing
        self._result = result

    def __await__(self) -> Generator[Any, Any, Any]:
        # A generator, whose frame refers to this object until it ends.
        return (yield from self._completing.__await__())

    def __del__(self) -> None:
        self._completing.close()
        if iscoroutine(self._result):
            self._result.close()


def _characters(item: Any) -> int:
    """The length of a message's content; the item may be its edge."""
    node = getattr(item, "node", item)
    return node.characters if isinstance(node, BudgetedMessage) else 0


class _SlicedList:
    """The items of a list, with time slices between them."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(items)
        self._slices: TimeSlices = time_slices()

    def __aiter__(self) -> "_SlicedList":
        return self

    async def __anext__(self) -> Any:
        if self._slices.is_over():
            await self._slices.next()
        for item in self._items:
            return item
        raise StopAsyncIteration
