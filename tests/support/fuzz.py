"""Hypothesis strategies for requests: almost valid, broken, or arbitrary."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.support.strategies import json_values, texts

_DOCUMENTS = (
    "{ __typename }",
    "{ sessions(first: 2) { nodes { id title messages(first: 1) { nodes { content { __typename } } } } totalCount } }",
    "query A { __typename } query B { __typename }",
    "query ($id: ID!) { session(id: $id) { id } }",
    "query ($first: Int = 1, $after: String) { sessions(first: $first, after: $after) { edges { cursor } } }",
    "query ($query: String!) { search(query: $query) { nodes { snippet score } } }",
    'mutation { deleteSession(input: { sessionId: "nobody" }) { userErrors { code path } } }',
    "mutation ($document: JSON!) { importSession(input: { document: $document }) { userErrors { code } } }",
    'subscription { resumeTask(threadId: "thr_nobody") { state } }',
    "subscription ($id: ID!) { resumeTask(threadId: $id) { state } }",
    "{ __schema { types { name } } }",
    "fragment A on Query { ...B } fragment B on Query { ...A } { ...A }",
    "{ a: __typename @include(if: $x) @skip(if: true) }",
    "{ sessions(first: 99999999999999999999) { totalCount } }",
    '{ session(id: "\\ud800") { id } }',
    "{",
    "",
)
_FIELDS = ("query", "variables", "operationName", "extensions")
# What breaks parsers: too deep, too long a number, no number.
_EXTREMES = (
    b"[" * 3_000,
    b'{"query":' * 1_000,
    b"1" * 6_000,
    b"NaN",
    b"1e999",
    b"\xef\xbb\xbf{}",
    b'{"query":"\\ud800"}',
)


def documents() -> SearchStrategy[str]:
    """GraphQL documents, many of them invalid."""
    known = st.sampled_from(_DOCUMENTS)
    return st.one_of(known, known, known.flatmap(lambda text: broken(text.encode())).map(_text), texts(hostile=True))


def values() -> SearchStrategy[Any]:
    """Any JSON value, some with characters that databases refuse."""
    return json_values() | texts(hostile=True)


def well_formed() -> SearchStrategy[dict[str, Any]]:
    """Operations whose members have the right types; their documents may be invalid."""
    variables = st.dictionaries(
        st.sampled_from(["id", "first", "after", "query", "document", "x"]), values(), max_size=3
    )
    return st.fixed_dictionaries(
        {"query": documents()},
        optional={
            "variables": st.none() | variables,
            "operationName": st.none() | st.sampled_from(["A", "B", "C", ""]),
            "extensions": st.none() | st.just({}),
        },
    )


def operations() -> SearchStrategy[Any]:
    """The JSON of a request body: mostly an operation."""
    right = well_formed()
    strange = st.dictionaries(st.sampled_from(_FIELDS) | texts(max_size=8), values(), max_size=4)
    mixed = st.builds(dict.__or__, right, strange)
    return st.one_of(right, right, mixed, strange, values(), st.lists(right, max_size=3))


@st.composite
def broken(draw: st.DrawFn, content: bytes) -> bytes:
    """`content` with a piece removed, doubled or replaced; or input that is hard on parsers instead."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(_EXTREMES))
    start, end = sorted((draw(st.integers(0, len(content))), draw(st.integers(0, len(content)))))
    piece = draw(st.one_of(st.just(b""), st.just(content[start:end] * 2), st.binary(max_size=12)))
    return content[:start] + piece + content[end:]


def _text(content: bytes) -> str:
    return content.decode(errors="replace")
