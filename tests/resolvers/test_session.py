"""`session(id)` gives one session or null."""

from tests.conftest import Serve
from tests.support.documents import codewhale, zagens
from tests.support.sessions import imported, session

RESUME = 'mutation { resumeSession(input: {sessionId: "s"}) { resumeTask { threadId } } }'


async def test_an_unknown_or_invalid_id_is_null(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, zagens("s"))

    for id in ("t", "S", "", " ", "../s", "s:0", "s\x00", "\ud800", "ſ", "a" * 201, "x" * 100_000, "' OR 1=1 --"):
        assert await session(client, id) is None, id[:20]


async def test_a_padded_id_is_trimmed(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    [saved] = await imported(client, zagens("s"))

    for id in (" s", "s\n", "\t s \u00a0"):
        assert await session(client, id) == saved


async def test_the_parent_is_given_if_it_was_imported(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(
        client, zagens("s"), codewhale("fork", parent_session_id=" s "), codewhale("own", parent_session_id="own")
    )

    assert await session(client, "fork", "parent { id parent { id } }") == {"parent": {"id": "s", "parent": None}}
    assert await session(client, "own", "parent { parent { id } }") == {"parent": {"parent": {"id": "own"}}}


async def test_a_session_has_the_thread_and_task_of_its_latest_resume(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, zagens("s"))
    fields = "thread { id session { id } } resumeTask { threadId state }"
    assert await session(client, "s", fields) == {"thread": None, "resumeTask": None}

    thread_id = (await client.data(RESUME))["resumeSession"]["resumeTask"]["threadId"]

    assert await session(client, "s", fields) == {
        "thread": {"id": thread_id, "session": {"id": "s"}},
        "resumeTask": {"threadId": thread_id, "state": "QUEUED"},
    }
