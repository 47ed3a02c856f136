"""Turn, a prompt with the items that followed it, and TurnConnection."""

from typing import Annotated

import strawberry

import resolvers.turn
from schema.arguments import After, given
from schema.connection import Connection, Edge
from schema.field import Info, field
from schema.node import Node
from schema.thread_item import ThreadItemConnection
from schema.turn_status import TurnStatus


@strawberry.type(description="One prompt and all that followed it.")
class Turn(Node):
    id: strawberry.ID = strawberry.field(description="The turn's id.")
    position: int = strawberry.field(description="Place in the thread, from 0.")
    status: TurnStatus = strawberry.field(description="Where the turn stands.")
    summary: str = strawberry.field(description="The first words of the prompt, at most 280 code points.")

    @field(ThreadItemConnection | None, "What happened in it, in order.", needs=("thread_id", "position"))
    @staticmethod
    def items(
        row: strawberry.Parent[resolvers.turn.TurnRow],
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many, held within 1 to 500.")] = 50,
        after: After = strawberry.UNSET,
    ) -> object:
        return resolvers.turn.items(info.context, row, first=first, after=given(after))


@strawberry.type(description="A turn in a page.")
class TurnEdge(Edge):
    node: Turn = strawberry.field(description="The turn.")


@strawberry.type(description="A page of turns.")
class TurnConnection(Connection[TurnEdge, Turn]):
    pass
