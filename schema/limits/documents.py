"""Documents, as requests bring them: parsed, counted, validated, and kept while they are in use."""

from collections import OrderedDict

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
from schema.limits.cost import Cost
from schema.limits.counts import refusals
from schema.limits.refusal import refusal

MOST_DOCUMENTS = 500
MOST_BYTES = 32 * 1024 * 1024
"""Of all documents that are kept, by the estimate in `ParsedDocument.size`."""

_BYTES_A_TOKEN = 600
_CHARACTERS_A_TOKEN = 100
_MOST_COMPARISONS = 30_000


class ParsedDocument:
    """A parsed document, and the cost of each of its operations by name."""

    def __init__(self, schema: GraphQLSchema, text: str, tree: DocumentNode) -> None:
        self.text = text
        self.tree = tree
        self._schema = schema
        self._costs: dict[str | None, Cost] = {}

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return len(self.text) + _BYTES_A_TOKEN * self.tree.token_count

    def cost(self, operation_name: str | None) -> Cost:
        """How to know the cost of an operation, which must be there; None for the only one."""
        cost = self._costs.get(operation_name)
        if cost is None:
            operation = next(
                node
                for node in self.tree.definitions
                if isinstance(node, OperationDefinitionNode)
                and (operation_name is None or (node.name and node.name.value == operation_name))
            )
            cost = self._costs[operation_name] = Cost(self._schema, self.tree, operation)
        return cost


class FieldsCanBeMerged(OverlappingFieldsCanBeMergedRule):
    """graphql-core's rule, which compares fields of one name two by two, held to some ten milliseconds."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = _MOST_COMPARISONS


class DocumentCache:
    """The documents of one schema. Only valid ones are kept: refused ones push nobody's out."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, is_hardened: bool = False) -> None:
        self._schema = schema
        self._limits = limits
        self._rules = [
            FieldsCanBeMerged if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules
        ]
        if is_hardened:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._kept: OrderedDict[str, ParsedDocument] = OrderedDict()
        self._size = 0

    def parsed(self, text: str) -> ParsedDocument:
        """The document that `text` is. Raises GraphQLError for one that is too long, GraphQLSyntaxError for none."""
        if kept := self.get(text):
            return kept
        most = self._limits.tokens
        if len(text) > _CHARACTERS_A_TOKEN * most:
            raise refusal(
                f"The document has {len(text):,} characters; {_CHARACTERS_A_TOKEN * most:,} are allowed: "
                f"{_CHARACTERS_A_TOKEN} for each of {most:,} tokens."
            )
        try:
            tree = parse(text, max_lexical_tokens=most, max_comments=most)
        except GraphQLSyntaxError as error:
            # Only the text tells this refusal from others.
            if error.message.endswith(f"more than {most} tokens. Parsing aborted."):
                raise refusal(f"The document has more tokens than the {most:,} that are allowed.") from None
            if error.message.endswith(f"more than {most} comments. Parsing aborted."):
                raise refusal(f"The document has more comments than the {most:,} that are allowed.") from None
            raise
        return ParsedDocument(self._schema, text, tree)

    def get(self, text: str) -> ParsedDocument | None:
        """A document that was found valid before; None where there is none, or none any more."""
        document = self._kept.get(text)
        if document is not None:
            self._kept.move_to_end(text)
        return document

    def errors(self, document: ParsedDocument) -> list[GraphQLError]:
        """What is wrong with a document, its cost apart. Keeps it when nothing is."""
        if document.text in self._kept:
            return []
        errors = list(refusals(document.tree, self._limits)) or self._invalid(document.tree)
        if not errors:
            self._keep(document)
        return errors[: self._limits.errors]

    def _invalid(self, tree: DocumentNode) -> list[GraphQLError]:
        most = self._limits.errors
        return [
            # The one beyond `most` says only that there are more.
            refusal("The document is too entangled to be validated.")
            if isinstance(error, ValidationAbortedError) and index < most
            else error
            for index, error in enumerate(validate(self._schema, tree, self._rules, max_errors=most))
        ]

    def _keep(self, document: ParsedDocument) -> None:
        self._kept[document.text] = document
        self._size += document.size
        while len(self._kept) > MOST_DOCUMENTS or self._size > MOST_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._size -= oldest.size
