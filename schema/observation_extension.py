"""The extension that reports the operations which Strawberry executes."""

from collections.abc import Iterator

from strawberry.extensions import SchemaExtension

from schema.observation import ObservedOperation, current_operation


class ObservationExtension(SchemaExtension):
    """Reports the operations that Strawberry executes."""

    def on_operation(self) -> Iterator[None]:
        operation = current_operation.get()
        try:
            yield
        finally:
            if operation is not None and operation.kind == "none":
                self._describe(operation)

    def on_execute(self) -> Iterator[None]:
        if operation := current_operation.get():
            context = self.execution_context
            operation.start(context.operation_type.value, context.operation_name)
        yield

    def _describe(self, operation: ObservedOperation) -> None:
        context = self.execution_context
        try:
            operation.describe(context.operation_type.value, context.operation_name)
        except RuntimeError:
            # The document has no operation.
            return
