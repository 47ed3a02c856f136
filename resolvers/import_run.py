"""Resolver of `imports`: how far the imports are that are running."""

from collections.abc import Sequence

from resolvers.context import Context
from storage.records.import_run import ImportRunRow, running_imports


async def imports(context: Context) -> Sequence[ImportRunRow]:
    """The imports that are running in any process on the database."""
    return await running_imports(context.database)
