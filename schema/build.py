"""Builds the schema from its root types."""

from strawberry.schema.config import StrawberryConfig

from schema.coded_schema import CodedSchema, ValidationExtension
from schema.content_block import CONTENT_BLOCKS
from schema.executor import BudgetedExecutor
from schema.limits import Limits
from schema.mutation import Mutation
from schema.observation_extension import ObservationExtension
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription
from schema.thread_item import THREAD_ITEMS

DEFAULT_LIMITS = Limits()
DESCRIPTION = "Saved sessions of coding agents: to list, search and read them, and to resume them into threads."


def create_schema(limits: Limits = DEFAULT_LIMITS, *, is_hardened: bool = False) -> CodedSchema:
    """A new schema. Its only state is a cache of documents.

    A hardened schema refuses introspection and suggests no names in its errors.
    """
    return CodedSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*CONTENT_BLOCKS, *THREAD_ITEMS],
        extensions=[ObservationExtension, ValidationExtension],
        config=StrawberryConfig(scalar_map=SCALARS),
        execution_context_class=BudgetedExecutor,
        description=DESCRIPTION,
        limits=limits,
        is_hardened=is_hardened,
    )
