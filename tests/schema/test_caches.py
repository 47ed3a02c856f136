"""The caches of documents, prepared operations, variables, costs and page sizes are as small as their bounds say."""

from collections.abc import Iterator

import pytest

from schema.build import create_schema
from schema.limits import documents
from schema.limits.documents import DocumentCache
from tests.conftest import Serve
from tests.support.caches import memory_held
from tests.support.documents import user, zagens
from tests.support.sessions import saved

MAX_BYTES = 1_000_000
LISTED = "query ($f: SessionFilter, $n: Int, $o: String) { sessions(filter: $f, first: $n, after: $o) { totalCount } }"


def of_kind(kind: str, number: int) -> str:
    """A valid document."""
    match kind:
        case "small":
            return f"{{ __typename }} #{number}"
        case "many tokens":
            models = '"m" ' * 700
            return f"{{ sessions(filter: {{models: [{models}]}}) {{ totalCount }} }} #{number}"
        case "long string":
            return f'{{ sessions(filter: {{titleContains: "{number}{"x" * 50_000}"}}) {{ totalCount }} }}'
        case "long wide string":
            return f'{{ sessions(filter: {{titleContains: "{number}{"漢" * 50_000}"}}) {{ totalCount }} }}'
        case "long name":
            return f"query q{number}{'x' * 50_000} {{ __typename }}"
        case "many operations":
            return " ".join(f"query q{index} {{ __typename }}" for index in range(30)) + f" #{number}"
        case "variables":
            return f"{LISTED} #{number}"
    raise AssertionError(kind)


KINDS = ["small", "many tokens", "long string", "long wide string", "long name", "many operations", "variables"]


def texts(kind: str, cache: DocumentCache) -> Iterator[str]:
    """Documents that are twice as large as a cache."""
    size = cache.parse(of_kind(kind, 0)).size
    return (of_kind(kind, number) for number in range(2 * MAX_BYTES // size))


@pytest.mark.parametrize("kind", KINDS)
def test_cached_documents_take_no_more_memory_than_the_cache_has(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "CACHE_BYTES", MAX_BYTES)
    cache = create_schema().documents
    with memory_held() as held:
        for text in texts(kind, cache):
            document = cache.parse(text)
            assert not cache.validate(document)
        del document
        assert held() < MAX_BYTES


async def test_long_cursors_of_messages_are_not_held(serve: Serve) -> None:
    server = await serve(seed=False)
    await saved(server, zagens("s", messages=[user("a"), user("b")]))
    query = """query ($after: String) { session(id: "s") { messages(first: 1, after: $after) {
      edges { cursor node { text } }
    } } }"""
    [edge] = (await server.client.data(query))["session"]["messages"]["edges"]

    async def read(padding: int) -> None:
        # Characters beyond the alphabet of base64 have no meaning.
        data = await server.client.data(query, after=edge["cursor"] + "." * 4 * padding)
        assert data["session"]["messages"]["edges"][0]["node"] == {"text": "b"}

    await read(1)
    with memory_held() as held:
        for number in range(40):
            await read(100_000 + number)
        assert held() < 8_000_000
