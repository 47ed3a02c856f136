"""Node, the interface of objects that can be read by their ids alone."""

import strawberry

from schema.by_typename import ByTypename


@strawberry.interface(description="Something with an id that no other object of any type has.")
class Node(ByTypename):
    id: strawberry.ID = strawberry.field(description="The id.")
