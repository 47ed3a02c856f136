"""`sessions` is ordered by one field, then by id, alike on both databases."""

import itertools
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Serve
from tests.support.client import Client
from tests.support.documents import Document, user, zagens
from tests.support.examples import examples
from tests.support.server import Served
from tests.support.sessions import delete_session, imported
from tests.support.strategies import texts

TITLES = """Äpfel|apfel|Zebra|zebra|ångström|Ångström|straße|STRASSE|Straßen|ﬀ|ff|İstanbul|istanbul|ıstanbul|ΣΊΣΥΦΟΣ
|σίσυφος|Яблоко|яблоко|漢字|한국어|ש|العربية|👍|ｱ|Ａ|𝒜|_|%|é|é|1|10|2| a|\N{CHEROKEE SMALL LETTER A}|Ꭰ""".split("|")


def key(title: str) -> str:
    """The sort key of a title, implemented independently of the product."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", title).casefold())


async def listed(client: Client, field: str, direction: str, **page: Any) -> list[dict[str, Any]]:
    data = await client.data(
        """query ($first: Int = 500, $after: String, $orderBy: SessionOrder!) {
          sessions(first: $first, after: $after, orderBy: $orderBy) {
            nodes { id title updatedAt createdAt messageCount totalTokens }
          }
        }""",
        orderBy={"field": field, "direction": direction},
        **page,
    )
    nodes: list[dict[str, Any]] = data["sessions"]["nodes"]
    return nodes


async def test_every_field_orders_both_ways_with_ties_broken_by_id(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    values = itertools.product(
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001Z", "1999-12-31T23:59:59+14:00"), (0, 2)
    )
    documents: list[Document] = []
    for (moment, count), id in zip(itertools.cycle(values), "b a Z z _ - 10 9 aa A c d e f".split(), strict=False):
        documents.append(
            zagens(
                id,
                "Same" if count else moment,
                updated_at=moment,
                created_at=documents[0]["metadata"]["updated_at"] if count and documents else moment,
                messages=[user("x")] * count,
                total_tokens=count * 2**51,
            )
        )
    await imported(client, *documents)
    keys = {
        "UPDATED_AT": lambda one: one["updatedAt"],
        "CREATED_AT": lambda one: one["createdAt"],
        "TITLE": lambda one: key(one["title"]),
        "MESSAGE_COUNT": lambda one: one["messageCount"],
        "TOTAL_TOKENS": lambda one: one["totalTokens"],
    }

    for (field, of), direction in itertools.product(keys.items(), ("ASC", "DESC")):
        found = await listed(client, field, direction)

        assert len(found) == len(documents)
        expected = sorted(found, key=lambda one: (of(one), one["id"]), reverse=direction == "DESC")
        assert [one["id"] for one in found] == [one["id"] for one in expected], (field, direction)


async def test_the_newest_activity_comes_first_unless_ordered_otherwise(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(
        client,
        zagens("old", updated_at="2026-01-01T00:00:00Z"),
        zagens("new", updated_at="2026-03-01T00:00:00Z"),
        zagens("mid", updated_at="2026-02-01T00:00:00Z"),
    )

    data = await client.data(
        """{
          plain: sessions { nodes { id } }
          downward: sessions(orderBy: {field: UPDATED_AT}) { nodes { id } }
        }"""
    )

    assert [[one["id"] for one in page["nodes"]] for page in data.values()] == [["new", "mid", "old"]] * 2


@pytest.mark.slow
async def test_titles_of_mixed_scripts_are_ordered_by_casefolded_code_points(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, *(zagens(f"s{n}", title) for n, title in enumerate(TITLES)))

    for direction in ("ASC", "DESC"):
        found = [(one["title"], one["id"]) for one in await listed(client, "TITLE", direction)]

        assert found == sorted(found, key=lambda one: (key(one[0]), one[1]), reverse=direction == "DESC")


async def test_long_titles_with_a_common_prefix_are_listed_once_each(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    ids = [f"s{n}" for n in range(6)]
    await imported(client, *(zagens(id, "漢" * 5000 + id) for id in ids))
    walked: list[str] = []
    after = None
    while True:
        data = await client.data(
            """query ($after: String) {
              sessions(first: 2, after: $after, orderBy: {field: TITLE}) {
                nodes { id } pageInfo { hasNextPage endCursor }
              }
            }""",
            after=after,
        )
        walked += [one["id"] for one in data["sessions"]["nodes"]]
        after = data["sessions"]["pageInfo"]["endCursor"]
        if not data["sessions"]["pageInfo"]["hasNextPage"]:
            break

    assert sorted(walked) == ids


@examples(12)
@given(titles=st.lists(texts(max_size=5), max_size=8))
async def test_any_titles_are_ordered_by_casefolded_code_points(server: Served, titles: list[str]) -> None:
    ids = [f"s{n}" for n in range(len(titles))]
    await imported(server.client, *map(zagens, ids, titles))

    found = [(one["title"], one["id"]) for one in await listed(server.client, "TITLE", "ASC")]

    assert len(found) == len(titles)
    assert found == sorted(found, key=lambda one: (key(one[0]), one[1]))
    for id in ids:
        await delete_session(server.client, id)
