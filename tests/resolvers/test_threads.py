"""The lists of threads and of resume tasks, of all sessions or of one."""

from typing import Any

from tests.conftest import Serve
from tests.support.client import Client
from tests.support.documents import user, zagens
from tests.support.resumes import cancel, delete, resumed
from tests.support.sessions import imported

LISTS = """query ($id: ID, $first: Int! = 50, $after: String, $states: [ResumeState!]) {
  threads(sessionId: $id, first: $first, after: $after) {
    nodes { id title session { id } resumeTask { id } } totalCount pageInfo { hasNextPage endCursor }
  }
  resumeTasks(sessionId: $id, states: $states) { nodes { threadId sessionId state } totalCount }
}"""


async def listed(client: Client, **arguments: Any) -> tuple[list[str], list[str]]:
    """The ids of the threads, and of the threads of the tasks."""
    data = await client.data(LISTS, **arguments)
    threads, tasks = data["threads"], data["resumeTasks"]
    assert tasks["totalCount"] == len(tasks["nodes"])
    return [one["id"] for one in threads["nodes"]], [one["threadId"] for one in tasks["nodes"]]


async def test_threads_and_tasks_are_listed_newest_first_and_by_session(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, *(zagens(id, messages=[user("a")]) for id in ("s1", "s2", "s3")))
    first = (await resumed(client, "s1"))["threadId"]
    second = (await resumed(client, "s2"))["threadId"]
    await cancel(client, first)
    await imported(client, zagens("s1", messages=[user("b")], updated_at="2027-01-01T00:00:00Z"))
    third = (await resumed(client, "s1"))["threadId"]
    await cancel(client, second)

    assert await listed(client) == ([third, second, first], [third, second, first])
    for _ in range(2):
        assert await listed(client, id="s1") == ([third, first], [third, first])
    assert await listed(client, id=" s2 ") == ([second], [second])
    assert await listed(client, id="s2", states=["QUEUED"]) == ([second], [])
    assert await listed(client, id="s1", states=["QUEUED", "CANCELED"]) == ([third, first], [third, first])
    for nobody in ("s3", "nobody", "\u0000", ""):
        assert await listed(client, id=nobody) == ([], [])

    walked: list[str] = []
    after = None
    for has_more in (True, True, False):
        page = (await client.data(LISTS, first=1, after=after))["threads"]
        assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, has_more)
        walked += [one["id"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert walked == [third, second, first]
    for wrong in ({"after": after, "id": "s1"}, {"after": "x"}, {"first": -1}):
        answer = await client.execute(LISTS, wrong)
        assert answer["data"]["threads"] is None
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]

    # A thread outlives its session, of which its task keeps the id.
    await delete(client, "s1")
    assert await listed(client, id="s1") == ([], [third, first])
    assert (await listed(client))[0] == [third, second, first]
