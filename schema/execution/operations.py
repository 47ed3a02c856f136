"""The cache of prepared operations, and their execution."""

from operator import attrgetter

from cachetools import LRUCache
from graphql import OperationType
from strawberry.types.execution import ExecutionResult

from resolvers.answer_budget import AnswerBudget
from resolvers.context import Context
from resolvers.errors import AnswerTooLarge, ServiceUnavailable
from schema.coded_schema import CodedSchema
from schema.execution.operation import PreparedOperation
from schema.execution.request import OperationRequest
from schema.execution.response_cache import ResponseCache
from schema.limits.cost import CostUnknown
from schema.limits.deadline import Deadline, SharedTimer
from schema.limits.time_limit import time_limit_exceeded
from schema.observation import current_operation

CACHE_BYTES = 32 * 1024 * 1024
"""Size of the cache, by the estimate in `PreparedOperation.size`."""


class PreparedOperations:
    """An LRU cache of the prepared operations of one schema.

    An operation is prepared at the second request for its document, so one that is not repeated costs nothing.
    `context` has loaders of the type `schema.execution.loader.PlanLoader`. `response_bytes` is the size of the cache of
    responses.
    """

    def __init__(self, schema: CodedSchema, context: Context, response_bytes: int = 0) -> None:
        self.schema = schema
        self._context = context
        self._responses = ResponseCache(context.change_seq, response_bytes, context.forget_searches)
        self._timer = SharedTimer(schema.limits.request_seconds)
        self._operations: LRUCache[tuple[str, str | None], PreparedOperation] = LRUCache(
            CACHE_BYTES, attrgetter("size")
        )

    def __len__(self) -> int:
        return len(self._operations)

    async def execute(self, request: OperationRequest) -> ExecutionResult | None:
        """The result of an operation when it has no errors; None when graphql-core has to execute it."""
        operation = self._operation(request.query, request.operation_name)
        if operation is None or operation.is_backing_off():
            return None
        variables = operation.variables(request.variables)
        if variables is None:
            return None
        size = operation.size
        plan = operation.plan(variables)
        if operation.size != size:
            self._store(operation, request.operation_name)
        if plan is None:
            return None
        try:
            cost = operation.cost(request.variables)
        except CostUnknown:
            return None
        limits = self.schema.limits
        if cost > limits.cost:
            return None
        if observed := current_operation.get():
            observed.start(OperationType.QUERY.value, operation.name)
        extensions = {"cost": cost} if (request.extensions or {}).get("cost") is True else {}
        try:
            with AnswerBudget(limits.answer_bytes), Deadline(self._timer) as deadline:
                data = await self._responses.data(plan, variables)
        except (AnswerTooLarge, ServiceUnavailable) as error:
            return self.schema.error_result(error, extensions)
        except Exception as error:
            if isinstance(error, TimeoutError) and deadline.is_expired:
                return self.schema.error_result(time_limit_exceeded(limits.request_seconds), extensions)
            # Whatever it is, graphql-core will run into it again and report it with its path.
            operation.record_failure()
            return None
        operation.record_success()
        return ExecutionResult(data=data, errors=None, extensions=extensions)

    def _operation(self, text: str, name: str | None) -> PreparedOperation | None:
        key = (text, name)
        operation = self._operations.get(key)
        if operation is not None:
            return operation
        document = self.schema.documents.get(text)
        definition = None if document is None else document.selected(name)
        if document is None or definition is None or definition.operation is not OperationType.QUERY:
            return None
        operation = PreparedOperation(self.schema, self._context, document, definition)
        self._store(operation, name)
        return operation

    def _store(self, operation: PreparedOperation, name: str | None) -> None:
        """Store an operation that a request for `name` selected, or store it again with its new size."""
        # The document's text and name, whose size is counted, rather than this request's copies of them.
        key = (operation.text, None if name is None else operation.name)
        if operation.size <= CACHE_BYTES:
            self._operations[key] = operation
        else:
            self._operations.pop(key, None)
