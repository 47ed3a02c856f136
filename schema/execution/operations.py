"""Prepared operations: kept while they are in use, and run."""

from collections import OrderedDict

from graphql import OperationDefinitionNode, OperationType
from strawberry.types.execution import ExecutionResult

from resolvers.context import Context
from resolvers.errors import ServiceUnavailable
from schema.errors import Schema
from schema.execution.operation import PreparedOperation
from schema.execution.request import OperationRequest
from schema.limits.cost import Entangled
from schema.limits.documents import ParsedDocument
from schema.limits.seconds import within
from schema.observation import current

MOST_OPERATIONS = 500
MOST_BYTES = 32 * 1024 * 1024
"""Of all operations that are kept, by the estimate in `PreparedOperation.size`."""


class PreparedOperations:
    """Those of one schema. An operation is prepared when its document is seen again, so that one that never comes back
    costs nothing.

    `context` has loaders that are stepped: `schema.execution.loads.Loads`.
    """

    def __init__(self, schema: Schema, context: Context) -> None:
        self.schema = schema
        self._context = context
        self._kept: OrderedDict[tuple[str, str | None], PreparedOperation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    async def execute(self, asked: OperationRequest) -> ExecutionResult | None:
        """The result of an operation, if it holds no errors; None where graphql-core must look."""
        operation = self._found(asked.query, asked.operation_name)
        if operation is None or operation.is_paused:
            return None
        variables = operation.variables(asked.variables)
        plan = None if variables is None else operation.plan(variables)
        if plan is None or variables is None:
            return None
        try:
            cost = operation.cost(asked.variables)
        except Entangled:
            return None
        limits = self.schema.limits
        if cost > limits.cost:
            return None
        if observed := current.get():
            observed.runs(OperationType.QUERY.value, operation.name)
        extensions = {"cost": cost} if (asked.extensions or {}).get("cost") is True else {}
        try:
            async with within(limits.request_seconds):
                [data] = await plan([None], variables)
        except ServiceUnavailable as error:
            return self.schema.failed(error, extensions)
        except Exception:
            # Whatever it is, graphql-core will find it again, and say where it is.
            operation.gave_up()
            return None
        operation.succeeded()
        return ExecutionResult(data=data, errors=None, extensions=extensions)

    def _found(self, text: str, name: str | None) -> PreparedOperation | None:
        key = (text, name)
        operation = self._kept.get(key)
        if operation is not None:
            self._kept.move_to_end(key)
            return operation
        document = self.schema.documents.get(text)
        definition = None if document is None else _query(document, name)
        if document is None or definition is None:
            return None
        operation = self._kept[key] = PreparedOperation(self.schema, self._context, document, definition)
        while len(self._kept) > MOST_OPERATIONS or sum(kept.size for kept in self._kept.values()) > MOST_BYTES:
            self._kept.popitem(last=False)
        return operation


def _query(document: ParsedDocument, name: str | None) -> OperationDefinitionNode | None:
    """The query that a request with this `operationName` asks for; None where it asks for none, or another kind."""
    operations = [node for node in document.tree.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        operations = [node for node in operations if node.name and node.name.value == name]
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        return None
    return operations[0]
