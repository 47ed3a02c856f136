"""A database with sessions, threads and tasks of every kind, and some damaged rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import storage.samples
from storage.database.tables.import_run import import_run
from tests.support.client import Client
from tests.support.documents import (
    FILES,
    Document,
    assistant,
    codewhale,
    message,
    text,
    thinking,
    tool_result,
    tool_use,
    user,
    zagens,
)
from tests.support.resumes import cancel, delete, resumed
from tests.support.seeding import final_state, save
from tests.support.server import Served, serving
from tests.support.sessions import run_sql, update_session

# Of tests/documents/edge, what an import takes and no other file of the folder has the id of.
_EDGE = ("content-is-a-string", "empty-session", "nul-and-surrogates", "padded-id", "unknown-fields")
RICH = "every-kind"
READY = (RICH, "marked", "unknown-status", "gone-later", "no-such-task-type")
QUEUED = ("waits-1", "waits-2", "waits-3")
CANCELED = ("called-off-1", "called-off-2")
DELETED = ("deleted-1", "deleted-2", "deleted-3")
_LATER = (*QUEUED, *CANCELED, *DELETED, "seeds-for-ever", "no-such-state")
_RESUMED = (*READY, *_LATER)
_CONTENT = "UPDATE message SET content = :content WHERE session_id = :id AND position = :position"
_CURSORS = {
    "SessionConnection": "{ sessions(first: 9) { edges { cursor } } }",
    "Session.children": f'{{ session(id: "{RICH}") {{ children(first: 9) {{ edges {{ cursor }} }} }} }}',
    "SearchConnection": '{ search(query: "the", first: 9) { edges { cursor } } }',
    "SessionHitConnection": '{ searchSessions(query: "the", first: 9) { edges { cursor } } }',
    "Session.search": f'{{ session(id: "{RICH}") {{ search(query: "the") {{ edges {{ cursor }} }} }} }}',
    "ThreadConnection": "{ threads(first: 9) { edges { cursor } } }",
    "ResumeTaskConnection": "{ resumeTasks(first: 9) { edges { cursor } } }",
    "MessageConnection": f'{{ session(id: "{RICH}") {{ messages(first: 9) {{ edges {{ cursor }} }} }} }}',
    "TurnConnection": "query ($id: ID!) { thread(id: $id) { turns { edges { cursor } } } }",
    "ThreadItemConnection": "query ($id: ID!) { thread(id: $id) { turns { nodes { items { edges { cursor } } } } } }",
}
_NODE_IDS = (
    "{}:2",
    "{}:4",
    "thr_<digits {}>",
    "tsk_<digits {}>",
    "turn_<digits {}>_0",
    *(f"item_<digits {{}}>_{turn}_{item}" for turn in range(3) for item in range(4)),
    "item_<digits marked>_0_9",
)
_THREADS = "{ resumeTasks(first: 500) { nodes { threadId sessionId } } }"


@dataclass(frozen=True)
class Known:
    """What operations may ask for; the first of each finds most.

    What each database makes again has a name in angle brackets, for which `fill` gives what stands behind it.
    """

    session_ids: Sequence[str]
    thread_ids: Sequence[str]
    node_ids: Sequence[str]
    cursors: Mapping[str, Sequence[str]]
    words: Sequence[str]
    moments: Sequence[str]
    texts: Mapping[str, Sequence[str]]


async def fill(url: str) -> dict[str, str]:
    """Fills an empty database; what stands behind each name of `known`."""
    async with serving(url, seed=True) as server:
        for document in documents():
            await save(server.app.state.database, document)
        for id in READY:
            task = await resumed(server.client, id)
            await final_state(server.app.state.database, task["threadId"])
        await delete(server.client, "gone-later")
    async with serving(url, seed=False) as server:
        for id in _LATER:
            task = await resumed(server.client, id)
            if id in CANCELED:
                await cancel(server.client, task["threadId"])
            if id in DELETED:
                await delete(server.client, id)
        await update_session(server.client, "archived-1", isArchived=True, title="Put away 📦")
        await update_session(server.client, RICH, isStarred=True, tags=["later", "漢"], note="Read it again 🦆.")
        await _run_imports(server)
        await _break(server)
        return await _names(server.client)


def documents() -> list[Document]:
    """Some conversations as agents saved them, and small unusual ones."""
    samples = Path(storage.samples.__file__).parent
    files = [*samples.glob("*/*.json"), *FILES.glob("codewhale/*.json"), *FILES.glob("zagens/*.json")]
    files += [FILES / "edge" / f"{name}.json" for name in _EDGE]
    read = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(files)]
    return [document for document in read if len(document["messages"]) < 20] + _made()


def _made() -> list[Document]:
    turn = [user("The question, and the reason?"), assistant(thinking("Hm, the reason…"), text("The answer 🦆."))]
    call = [assistant(tool_use("t", "bash", {"command": "ls", "n": 2**70})), user(tool_result("t", "ü 👍", True))]
    broken = [f"broken-{number}" for number in range(3)]
    return [
        codewhale("root", messages=turn),
        codewhale(
            RICH,
            "Every kind of block, the 漢字 too",
            messages=_every_block(),
            system_prompt="Be kind. 你好",
            parent_session_id="root",
            forked_from_message_count=1,
        ),
        *(zagens(id, f"Threads: {id}", messages=[*turn, *call, *turn], mode=" ") for id in _RESUMED[1:]),
        *(
            codewhale(
                id, f"The {id}", messages=turn * 3, parent_session_id=parent, updated_at=f"2026-07-0{n}T00:00:00Z"
            )
            for n, (id, parent) in enumerate(zip(broken, (RICH, broken[0], "nobody"), strict=True), start=1)
        ),
        codewhale("child", messages=turn, parent_session_id=RICH),
        codewhale("subagent", messages=[*call, *turn], parent_session_id=RICH, spawn_depth=1),
        codewhale("fork", "A fork of the rich", messages=turn, parent_session_id=RICH, forked_from_message_count=1),
        codewhale("grandchild", messages=turn, parent_session_id="child"),
        codewhale("child-of-the-broken", messages=turn, parent_session_id="too-many-tokens"),
        zagens("too-many-tokens", "\u202eThe most tokens", messages=turn, total_tokens=2**53 - 1),
        zagens("long", "The long " + "x" * 500, messages=[user("the word " * 600), assistant("é" * 1000)]),
        zagens("archived-1", messages=turn),
        codewhale("archived-2", messages=turn, archived=True, mode="plan"),
        zagens("lone", "Lone \ud800 surrogates", messages=[user("a\udfffb the \x00 end")]),
        zagens("only-roles", messages=[message(role, "the") for role in ("system", "tool", "narrator", "user")]),
        zagens("no-message", "   ", model="", workspace=""),
    ]


def _every_block() -> list[dict[str, Any]]:
    picture = {"type": "image", "source": {"type": "url", "url": "https://example.com/ü.png"}}
    strange: list[Any] = [{"type": "hologram", "depth": [1, {"x": None}]}, {"type": "text"}, 7, None, "a picture", []]
    asked = [user("The first: look at the picture", picture), user("", text("the\nsecond 👩\u200d👩\u200d👧"))]
    calls = [
        assistant(
            thinking("The plan: a picture"),
            text("Let me see."),
            tool_use("c1", "exec_shell", {"command": "make test"}),
            tool_use("c2", "apply_patch", [1, 2**80, "é"]),
            tool_use("c3", "grep_files", None),
        ),
        user(
            tool_result("c1", "the output"),
            tool_result("c2", "no", True) | {"content": [text("no"), picture, picture]},
            tool_result("never", "the orphan"),
        ),
    ]
    others = [
        assistant(text("No picture."), *strange),
        message("system", "the notice"),
        message("system", "[compaction summary]\nthe summary"),
        user("<turn_meta>\nthe date\n</turn_meta>"),
        message("assistant_interrupted", "the half"),
        assistant(),
        {"role": "assistant", "content": "the content is a string", "cost": 1.5},
    ]
    return [*asked, *calls, *others, *asked, *calls]


async def _run_imports(server: Served) -> None:
    """Store imports that seem to run for ever, one of them of session documents."""
    # A row that was not updated of late counts as that of a process that has ended.
    times = {"started_at": datetime(9000, 1, 1, tzinfo=UTC), "updated_at": datetime(9000, 1, 2, tzinfo=UTC)}
    rows = [("codex", "CODEX", 2, 1_000), ("documents", None, 0, 0)]
    async with server.app.state.database.write() as transaction:
        for id, source, files, size in rows:
            counts = {"files_done": files, "files_total": 3, "bytes_done": size, "bytes_total": 3_000}
            await transaction.execute(sa.insert(import_run).values(id=id, source=source, **counts, **times))


async def _break(server: Served) -> None:
    """Damage some rows."""
    for id, position in (("broken-0", 1), ("broken-0", 3), ("broken-1", 0), ("broken-2", 5), ("child", 0)):
        await run_sql(server, _CONTENT, content='[{"type": "text", "text": "the', id=id, position=position)
    await run_sql(server, "UPDATE message SET role = 'NARRATOR' WHERE session_id = 'grandchild' AND position = 1")
    await run_sql(server, "UPDATE message SET created_at = (SELECT created_at FROM session WHERE id = 'child') "
                  "WHERE session_id IN ('child', 'every-kind')")  # fmt: skip
    await run_sql(server, "UPDATE session SET agent_version = '2.1.332', git_branch = 'main', input_tokens = 7, "
                  "cache_read_tokens = 5, reasoning_tokens = 2 WHERE id IN ('every-kind', 'child')")  # fmt: skip
    await run_sql(server, "UPDATE message SET model = 'm1', usage = '[1, 0, 3, 9007199254740991, 4]' "
                  "WHERE session_id = 'child'")  # fmt: skip
    await run_sql(server, "UPDATE message SET model = 'm1', usage = '[1, 0, 3, 2, 4]' WHERE role = 'ASSISTANT' "
                  "AND session_id <> 'child'")  # fmt: skip
    await run_sql(server, "UPDATE session SET header = '{' WHERE id = 'broken-2'")
    await run_sql(server, "UPDATE session SET kind = 'COUSIN' WHERE id = 'grandchild'")
    await run_sql(server, "UPDATE session SET total_tokens = :tokens WHERE id = 'too-many-tokens'", tokens=2**60)
    await run_sql(server, "UPDATE session SET source = 'ABACUS' WHERE id = 'only-roles'")
    thread = "(SELECT thread_id FROM session WHERE id = :id)"
    for statement, id in (
        (f"UPDATE thread_item SET status = 'ASLEEP' WHERE thread_id = {thread} AND position = 1", "unknown-status"),
        (f"UPDATE thread_item SET type = 'PoemItem' WHERE thread_id = {thread} AND position = 2", "unknown-status"),
        (f"UPDATE thread_item SET detail = '{{' WHERE thread_id = {thread} AND type = 'ToolCallItem'", "marked"),
        (f"UPDATE turn SET status = 'ASLEEP' WHERE thread_id = {thread} AND position = 1", "marked"),
        (f"UPDATE thread SET task_type = 'POETRY' WHERE id = {thread}", "no-such-task-type"),
        (f"UPDATE resume_task SET state = 'PAUSED' WHERE thread_id = {thread}", "no-such-state"),
        (f"UPDATE resume_task SET state = 'SEEDING', items_written = 2 WHERE thread_id = {thread}", "seeds-for-ever"),
    ):
        await run_sql(server, statement, id=id)


def known() -> Known:
    """The ids, cursors and words of a filled database."""
    session_ids = [document["metadata"]["id"].strip() for document in documents()]
    threads = [f"<thread {id}>" for id in _RESUMED]
    return Known(
        session_ids=[RICH] * len(session_ids) + session_ids,
        thread_ids=[threads[0]] * len(threads) + threads,
        node_ids=[RICH, *(form.format(RICH) for form in _NODE_IDS), "root", "child:1", "broken-0:1", _NODE_IDS[-1]],
        cursors={kind: [f"<{kind} {number}>" for number in range(3)] for kind in _CURSORS},
        words=(
            "picture",
            "the",
            "answer",
            '"the reason"',
            "question answer",
            "rea*",
            "Every KIND",
            "漢字",
            "👍",
            "ls",
            "nowhere",
        ),
        moments=(
            "2026-06-11T07:52:10.118Z",
            "2026-06-11T12:52:10.118+05:00",
            "2026-07-02t00:00:00z",
            "1999-12-31T23:59:59-08:00",
        ),
        texts={
            "titleContains": ("the", "THREADS", "漢", "ß", "📦"),
            "workspace": ("/home/ines/work/billing", ""),
            "workspaces": ("/home/ines/work/billing", ""),
            "workspaceWithin": ("/home/ines", "/home/ines/work/billing/", ""),
            "models": ("deepseek-v4-pro", ""),
            "tags": ("later", "漢", ""),
            "modes": ("agent", "plan", ""),
            "timeZone": ("UTC", "Asia/Kathmandu", "Mars"),
        },
    )


async def _names(client: Client) -> dict[str, str]:
    tasks = (await client.data(_THREADS))["resumeTasks"]["nodes"]
    names = {f"<thread {task['sessionId']}>": task["threadId"] for task in tasks}
    names |= {f"<digits {task['sessionId']}>": task["threadId"].removeprefix("thr_") for task in tasks}
    for kind, query in _CURSORS.items():
        found = _found(await client.data(query, id=names[f"<thread {RICH}>"]))
        names |= {f"<{kind} {number}>": cursor for number, cursor in enumerate(found)}
    return names


def _found(data: Any) -> list[str]:
    """The cursors anywhere in an answer."""
    match data:
        case {"cursor": str(cursor)}:
            return [cursor]
        case dict():
            return [cursor for value in data.values() for cursor in _found(value)]
        case list():
            return [cursor for value in data for cursor in _found(value)]
    return []
