"""Schemas for the servers of tests: the types are made once a process, which takes most of an application's start."""

import copy
import functools

import schema.build
from schema.coded_schema import CodedSchema
from schema.limits import Limits
from schema.limits.documents import DocumentCache

_create_schema = schema.build.create_schema


@functools.cache
def _types() -> CodedSchema:
    return _create_schema()


def create_schema(limits: Limits = schema.build.DEFAULT_LIMITS, *, is_hardened: bool = False) -> CodedSchema:
    """A schema with types that are shared, and with limits and documents of its own."""
    made = copy.copy(_types())
    made.limits = limits
    made.documents = DocumentCache(made._schema, limits, is_hardened=is_hardened)
    made._is_hardened = is_hardened
    return made
