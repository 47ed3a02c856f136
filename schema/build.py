"""The schema, put together."""

from strawberry.schema.config import StrawberryConfig

from schema.content_block import CONTENT_BLOCKS
from schema.errors import Checked, Schema
from schema.limits import Limits
from schema.mutation import Mutation
from schema.observation import Observed
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription
from schema.thread_item import THREAD_ITEMS

DEFAULT_LIMITS = Limits()


def create_schema(limits: Limits = DEFAULT_LIMITS, *, is_hardened: bool = False) -> Schema:
    """A new schema, which holds no connection: its state is the documents that it has seen.

    A hardened one refuses introspection and suggests no names.
    """
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*CONTENT_BLOCKS, *THREAD_ITEMS],
        extensions=[Observed, Checked],
        config=StrawberryConfig(scalar_map=SCALARS),
        limits=limits,
        is_hardened=is_hardened,
    )
