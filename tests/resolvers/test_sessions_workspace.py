"""One directory is one workspace, however the agent spelled it; a filter may include what lies below it."""

import itertools

import pytest

from storage.records.workspace_key import workspace_key
from tests.conftest import Serve
from tests.support.client import Client
from tests.support.documents import zagens
from tests.support.sessions import imported

SPELLINGS = {
    "/home/ana/shop": ["/home/ana/shop", "/home/ana/shop/", "/home/ana//shop/."],
    "c:/Users/ana/shop": ["C:\\Users\\ana\\shop", "c:/Users/ana/shop", "\\\\?\\C:\\Users\\ana\\shop\\"],
    "/Users/ana/Caf\u00e9": ["/Users/ana/Caf\u00e9", "/Users/ana/Cafe\u0301"],
    "//server/share": ["\\\\server\\share\\", "//server/share"],
    "/": ["/", "///"],
    "": ["", "."],
}


@pytest.mark.parametrize("key", SPELLINGS)
def test_all_spellings_of_a_directory_have_one_key(key: str) -> None:
    assert {workspace_key(spelling) for spelling in SPELLINGS[key]} == {key}


async def found(client: Client, **filter: str | list[str]) -> set[str]:
    data = await client.data(
        "query ($filter: SessionFilter) { sessions(filter: $filter) { nodes { workspace } } }", filter=filter
    )
    return {node["workspace"] for node in data["sessions"]["nodes"]}


async def test_the_filter_finds_every_spelling_and_the_directories_below(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    below = ["/home/ana/shop/api", "/home/ana/shop/api/v2", "C:\\Users\\ana\\shop\\api"]
    others = ["/home/ana/shopping", "/home/ana", "/Home/ana/shop"]
    workspaces = [*itertools.chain.from_iterable(SPELLINGS.values()), *below, *others]
    await imported(client, *(zagens(f"s{number}", workspace=one) for number, one in enumerate(workspaces)))

    for key, spellings in SPELLINGS.items():
        for spelling in spellings:
            assert await found(client, workspaces=[spelling]) == set(spellings), key
    for spelling in SPELLINGS["/home/ana/shop"]:
        assert await found(client, workspaceWithin=spelling) == {*SPELLINGS["/home/ana/shop"], *below[:2]}
    for spelling in SPELLINGS["c:/Users/ana/shop"]:
        assert await found(client, workspaceWithin=spelling) == {*SPELLINGS["c:/Users/ana/shop"], below[2]}
    assert await found(client, workspaceWithin="/home/ana/shop", workspaces=["/home/ana/shop/api/"]) == {below[0]}
