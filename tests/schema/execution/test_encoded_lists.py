"""Lists of objects with nothing but leaves are encoded at once, as graphql-core and orjson would encode them."""

import orjson
from graphql import GraphQLEnumType, GraphQLEnumValue, GraphQLInt, GraphQLString
from hypothesis import given
from hypothesis import strategies as st

from schema.execution.leaves import Entries, Leaf, compile_encoder, compile_objects
from tests.conftest import Serve
from tests.support.documents import zagens
from tests.support.sessions import saved

KIND = GraphQLEnumType("Kind", {"MAIN": GraphQLEnumValue("main"), "SUBAGENT": GraphQLEnumValue("subagent")})
ENTRIES: Entries = {
    # A keyword of Python, and a name that a class of Python has.
    "from": Leaf("text", GraphQLString, is_required=False),
    "__typename": "Session",
    "__class__": Leaf("number", GraphQLInt, is_required=True),
    "kind": Leaf("kind", KIND, is_required=True),
}
FIELDS = "id title systemPrompt model mode isArchived messageCount totalTokens kind createdAt updatedAt saved: savedAt"


class Row:
    def __init__(self, text: str | None, number: int, kind: str) -> None:
        self.text = text
        self.number = number
        self.kind = kind


@given(
    st.lists(
        st.builds(
            Row,
            st.none() | st.text(st.characters(exclude_categories=["Cs"])),
            st.integers(-(2**31), 2**31 - 1),
            st.sampled_from(["main", "subagent"]),
        ),
        min_size=1,
    )
)
def test_encoded_objects_equal_those_of_orjson(rows: list[Row]) -> None:
    objects, _ = compile_objects("Session", ENTRIES, Row, 64)(rows)
    assert compile_encoder("Session", ENTRIES, Row)(rows) == orjson.dumps(objects)


async def test_lists_of_all_characters_are_answered_as_by_graphql_core(serve: Serve) -> None:
    server = await serve(seed=False)
    ascii_prompt, other = "".join(map(chr, range(1, 128))), "é語\u2028\ufeff\U0001f600\U0010ffff"
    for number, prompt in enumerate([ascii_prompt, other, None, ""]):
        await saved(server, zagens(f"s{number}", title=f'"{number}" \\ {other}', system_prompt=prompt))
    query = f"{{ sessions {{ nodes {{ {FIELDS} }} }} }}"

    first, *others = [await server.client.data(query) for _ in range(3)]

    assert {row["systemPrompt"] for row in first["sessions"]["nodes"]} >= {ascii_prompt, other, None}
    assert others == [first] * 2


async def test_an_empty_list_stays_a_list(serve: Serve) -> None:
    server = await serve(seed=False)
    for _ in range(3):
        assert await server.client.data("{ sessions { nodes { id } } }") == {"sessions": {"nodes": []}}
