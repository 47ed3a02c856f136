"""Parsing and validation of documents, with a cache of those that are in use."""

import hashlib
from collections.abc import Iterator
from functools import cached_property
from operator import attrgetter
from sys import getsizeof

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    parse,
    specified_rules,
    validate,
)
from graphql.validation.validate import ValidationAbortedError

from schema.limits import Limits
from schema.limits.cost import OperationCost
from schema.limits.counts import limit_errors
from schema.limits.refusal import refusal

CACHE_BYTES = 32 * 1024 * 1024
"""Size of the cache, by the estimate in `ParsedDocument.size`."""

_BYTES_PER_TOKEN = 600
_BYTES_PER_DIGEST = 250
_MAX_CHARACTERS_PER_TOKEN = 100
_MAX_COMPARISONS = 30_000


def text_digest(text: str) -> str:
    """The SHA-256 hash of the text of a document, in hexadecimal digits."""
    # A message of a websocket may have lone surrogates.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class ParsedDocument:
    """A parsed document, and the costs of its operations."""

    def __init__(self, schema: GraphQLSchema, text: str, tree: DocumentNode) -> None:
        self.text = text
        self.tree = tree
        self._schema = schema
        self._costs: dict[str | None, OperationCost] = {}
        self._operations = [node for node in tree.definitions if isinstance(node, OperationDefinitionNode)]
        # The tree has copies of the names and strings, in its tokens and in its nodes.
        self.size = (
            3 * getsizeof(text)
            + _BYTES_PER_TOKEN * tree.token_count
            + OperationCost.MAX_BYTES * len(self._operations)
            + _BYTES_PER_DIGEST
        )
        """Bytes of memory, as an estimate."""

    @cached_property
    def digest(self) -> str:
        """The SHA-256 hash of the text, in hexadecimal digits."""
        return text_digest(self.text)

    def cost(self, operation_name: str | None) -> OperationCost:
        """The cost of an operation of the document; None names the only one."""
        cost = self._costs.get(operation_name)
        if cost is None:
            operation = self.operation(operation_name)
            cost = self._costs[operation_name] = OperationCost(self._schema, self.tree, operation)
        return cost

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """An operation of the document; None names the only one."""
        return next(self._named(name))

    def selected(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation that a request with this `operationName` selects; None when it is not exactly one."""
        operations = list(self._named(name))
        return operations[0] if len(operations) == 1 else None

    def _named(self, name: str | None) -> Iterator[OperationDefinitionNode]:
        return (node for node in self._operations if name is None or (node.name and node.name.value == name))


class FieldsCanBeMerged(OverlappingFieldsCanBeMergedRule):
    """graphql-core's rule, which compares fields of one name in pairs, limited to about ten milliseconds."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = _MAX_COMPARISONS


class _Documents(LRUCache[str, ParsedDocument]):
    """Documents by their text; `texts` has these texts by their hashes."""

    def __init__(self) -> None:
        super().__init__(CACHE_BYTES, attrgetter("size"))
        self.texts: dict[str, str] = {}

    def __setitem__(self, text: str, document: ParsedDocument) -> None:
        super().__setitem__(text, document)
        self.texts[document.digest] = text

    def __delitem__(self, text: str) -> None:
        del self.texts[self[text].digest]
        super().__delitem__(text)


class DocumentCache:
    """An LRU cache of the valid documents of one schema. Refused documents are not stored, so they evict nothing."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, is_hardened: bool = False) -> None:
        self._schema = schema
        self._limits = limits
        self._rules = [
            FieldsCanBeMerged if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules
        ]
        if is_hardened:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._documents = _Documents()

    def get(self, text: str) -> ParsedDocument | None:
        """The cached document of this text."""
        return self._documents.get(text)

    def get_by_digest(self, digest: str) -> ParsedDocument | None:
        """The cached document whose text has this SHA-256 hash, in hexadecimal digits."""
        text = self._documents.texts.get(digest)
        return None if text is None else self._documents.get(text)

    def parse(self, text: str) -> ParsedDocument:
        """The document of this text. Raises GraphQLError when it is too long, GraphQLSyntaxError when it is wrong."""
        if document := self.get(text):
            return document
        limit = self._limits.tokens
        if len(text) > _MAX_CHARACTERS_PER_TOKEN * limit:
            raise refusal(
                f"The document has {len(text):,} characters; {_MAX_CHARACTERS_PER_TOKEN * limit:,} are allowed: "
                f"{_MAX_CHARACTERS_PER_TOKEN} for each of {limit:,} tokens."
            )
        try:
            tree = parse(text, max_lexical_tokens=limit, max_comments=limit)
        except GraphQLSyntaxError as error:
            # graphql-core distinguishes these errors by their messages only.
            if error.message.endswith(f"more than {limit} tokens. Parsing aborted."):
                raise refusal(f"The document has more tokens than the {limit:,} that are allowed.") from None
            if error.message.endswith(f"more than {limit} comments. Parsing aborted."):
                raise refusal(f"The document has more comments than the {limit:,} that are allowed.") from None
            raise
        return ParsedDocument(self._schema, text, tree)

    def validate(self, document: ParsedDocument) -> list[GraphQLError]:
        """The errors of a document, its cost apart. Stores the document in the cache when there are none."""
        if document.text in self._documents:
            return []
        errors = list(limit_errors(document.tree, self._limits)) or self._rule_errors(document.tree)
        if not errors and document.size <= CACHE_BYTES:
            self._documents[document.text] = document
        return errors[: self._limits.errors]

    def _rule_errors(self, tree: DocumentNode) -> list[GraphQLError]:
        limit = self._limits.errors
        return [
            # The error after the last says only that there are more.
            refusal("The document selects too many fields of one name to be validated.")
            if isinstance(error, ValidationAbortedError) and index < limit
            else error
            for index, error in enumerate(validate(self._schema, tree, self._rules, max_errors=limit))
        ]
