"""The schema, put together."""

import strawberry
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from schema.content_block import CONTENT_BLOCKS
from schema.errors import CodedValidation, Schema
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription
from schema.thread_item import THREAD_ITEMS


def create_schema() -> strawberry.Schema:
    """A new schema; it holds no connection and no state of its own."""
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*CONTENT_BLOCKS, *THREAD_ITEMS],
        # In this order: CodedValidation reads what ValidationCache found.
        extensions=[ParserCache, ValidationCache, CodedValidation],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
