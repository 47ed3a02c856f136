"""Schemas for the servers of tests: what takes most of an application's start is done once a process."""

import copy
import functools

from graphql import DocumentNode, GraphQLError

import schema.build
from schema.coded_schema import CodedSchema
from schema.limits import Limits
from schema.limits.documents import DocumentCache

_create_schema = schema.build.create_schema
# Texts of documents that conform to graphql-core's rules, which depend on the types alone, and whether to the hardened.
_valid: set[tuple[str, bool]] = set()


@functools.cache
def _types() -> CodedSchema:
    return _create_schema()


class _Documents(DocumentCache):
    """A cache of its own, of documents that are validated once a process."""

    def __init__(self, made: CodedSchema, limits: Limits, *, is_hardened: bool) -> None:
        super().__init__(made._schema, limits, is_hardened=is_hardened)
        self._is_hardened = is_hardened

    def _rule_errors(self, tree: DocumentNode) -> list[GraphQLError]:
        if tree.loc is None:
            return super()._rule_errors(tree)
        key = (tree.loc.source.body, self._is_hardened)
        if key in _valid:
            return []
        errors = super()._rule_errors(tree)
        if not errors:
            _valid.add(key)
        return errors


def create_schema(limits: Limits = schema.build.DEFAULT_LIMITS, *, is_hardened: bool = False) -> CodedSchema:
    """A schema with types that are shared, and with limits and documents of its own."""
    made = copy.copy(_types())
    made.limits = limits
    made.documents = _Documents(made, limits, is_hardened=is_hardened)
    made._is_hardened = is_hardened
    return made
