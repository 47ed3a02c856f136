"""Type resolution of interfaces, by the `typename` of rows."""

from typing import Any

from graphql import GraphQLAbstractType, GraphQLResolveInfo


class ByTypename:
    """Base of interfaces whose rows have the name of their GraphQL type in `typename`."""

    @classmethod
    def resolve_type(cls, row: Any, _info: GraphQLResolveInfo[Any], _interface: GraphQLAbstractType) -> str:
        return str(row.typename)

    @classmethod
    def is_type_of(cls, _row: Any, _info: GraphQLResolveInfo[Any]) -> bool:
        # The field or `resolve_type` has decided. Strawberry would look for instances of the class.
        return True
