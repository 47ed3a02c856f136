"""The data set of the benchmark of facets: sessions with times, tokens and tools, cached outside the repository."""

import contextlib
import hashlib
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from uuid import UUID

import asyncpg

import storage.documents.document
from storage.archive.transcripts import lock_archive
from storage.database.database import Database
from storage.database.migrations import migrate
from storage.documents.derived_session import DIGEST_SIZE, FORK, MAIN, SUBAGENT, DerivedMessage, DerivedSession
from storage.documents.session_updates import SessionUpdate, update_sessions
from storage.records.token_usage import TokenUsage
from storage.search.index.compaction import compact
from storage.search.index.drafts import SegmentDraft, draft_encoded
from storage.transcripts.derivation import Derivation
from storage.transcripts.derived_plan import DerivedPlan, WrittenMessages, batch_entries, plan_session
from storage.transcripts.derived_rows import RowBatch, build_rows
from storage.transcripts.derived_writer import add_messages, create_sessions
from storage.transcripts.summaries import count
from tests.speed.search_data import built, vacuum

NEWEST = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = 730
MEAN = 50
"""Messages a session on average."""

TAGS = ("bug", "later", "release", "customer", "idea", "flaky", "docs", "refactoring")
_BATCH = 250
_NAME = "reprise_facets"
_SOURCES = ("CLAUDE_CODE", "CODEX", "GEMINI", "OPENCODE", "QWEN_CODE", "PI")
_TOOLS = ("Read", "Bash", "Edit", "Grep", "Write", "Glob", "WebFetch", "Task", "mcp__github__search", "TodoWrite")
WORDS = "the error in file server test function because range export build parse index query cache token".split()


def data_set(folder: Path, sessions: int) -> contextlib.AbstractContextManager[dict[str, str]]:
    """The URLs of both databases by name, built in `folder` unless they exist; PostgreSQL runs inside the block."""
    return built(folder / f"facets-{sessions}-{_fingerprint()}", _NAME, _build, sessions)


async def fill(databases: list[Database], sessions: int, begin: int = 0) -> None:
    """Store the generated sessions from number `begin` up to `sessions` in databases."""
    began = time.perf_counter()
    for start in range(begin, sessions, _BATCH):
        batch = [_session(number) for number in range(start, min(start + _BATCH, sessions))]
        planned = [_planned(one) for one in batch]
        drafts = draft_encoded(
            entry for plan, rows in planned for entry in batch_entries(plan, rows, with_title=plan.indexes_title)
        )
        tagged: dict[str, list[str]] = {}
        for number, one in enumerate(batch, start):
            chance = Random(f"tags/{number}")
            if chance.random() < 0.3:
                tagged.setdefault(chance.choice(TAGS), []).append(one.id)
        for database in databases:
            await _store(database, planned, drafts, tagged)
        if (start + len(batch)) % 1000 == 0:
            print(f"{start + len(batch)} sessions stored, {time.perf_counter() - began:.0f} s", flush=True)


async def _store(
    database: Database,
    planned: list[tuple[DerivedPlan, RowBatch]],
    drafts: list[SegmentDraft],
    tagged: dict[str, list[str]],
) -> None:
    written = [
        WrittenMessages.of(
            plan, rows, count(rows.summaries()), with_title=plan.indexes_title, is_sqlite=database.is_sqlite
        )
        for plan, rows in planned
    ]
    async with database.write() as transaction:
        await lock_archive(transaction)
        numbers = await create_sessions(transaction, written)
        await add_messages(transaction, [(one, numbers[one.plan.head.id]) for one in written], drafts)
    for tag, ids in tagged.items():
        await update_sessions(database, ids, SessionUpdate(added_tags=[tag], is_starred=tag == TAGS[0]))
    await compact(database)


def _session(number: int) -> DerivedSession:
    chance = Random(f"facets/{number}")
    begin = now = NEWEST - timedelta(days=DAYS * chance.random())
    messages = []
    model = f"model-{min(int(chance.paretovariate(0.8)), 40)}"
    count = max(2, min(round(chance.lognormvariate(3.4, 1)), 40 * MEAN))
    for position in range(count):
        # Some sessions continue after a break.
        now += timedelta(seconds=chance.expovariate(1 / 45), hours=8 * chance.random() if chance.random() < 0.01 else 0)
        digest = hashlib.blake2b(f"{number}/{position}".encode(), digest_size=DIGEST_SIZE).digest()
        is_reply = position % 2 == 1
        usage = TokenUsage(chance.randrange(400), chance.randrange(90_000), chance.randrange(4_000), 300, 0)
        messages.append(
            DerivedMessage(
                "ASSISTANT" if is_reply else "USER",
                digest,
                partial(_content, number, position),
                now,
                model if is_reply else None,
                usage if is_reply else None,
            )
        )
    usages = [message.usage for message in messages if message.usage is not None]
    kind = chance.choices((MAIN, SUBAGENT, FORK), (85, 12, 3))[0]
    workspace = f"/home/dev/work/project-{min(int(chance.paretovariate(0.7)), 300)}"
    return DerivedSession(
        str(UUID(int=chance.getrandbits(128))),
        chance.choices(_SOURCES, (50, 25, 10, 6, 5, 4))[0],
        workspace,
        begin,
        now,
        messages,
        range(count),
        kind,
        title=" ".join(chance.choices(WORDS, k=6)),
        first_prompt=" ".join(chance.choices(WORDS, k=20)),
        model=model,
        mode=chance.choice(("default", "plan", None)),
        agent_version="2.1.332",
        git_branch="main",
        usage=TokenUsage(*map(sum, zip(*usages, strict=True))),
        metadata={"version": "2.1.332", "entrypoint": "cli", "notes": " ".join(chance.choices(WORDS, k=80))},
    )


def _content(number: int, position: int) -> list[dict[str, object]]:
    chance = Random(f"content/{number}/{position}")
    text = " ".join([*chance.choices(WORDS, k=12), f"word{chance.randrange(20_000)}"])
    kind = position % 4
    if kind == 1:
        name = _TOOLS[min(int(chance.paretovariate(0.6)), len(_TOOLS)) - 1]
        return [
            {"type": "text", "text": text},
            {"type": "tool_use", "id": f"call_{position}", "name": name, "input": {"command": text}},
        ]
    if kind == 2:
        is_error = chance.random() < 0.06
        return [{"type": "tool_result", "tool_use_id": f"call_{position - 1}", "content": text, "is_error": is_error}]
    return [{"type": "text", "text": text}]


def _planned(session: DerivedSession) -> tuple[DerivedPlan, RowBatch]:
    plan = plan_session(Derivation(session, []), 1, None, [])
    batches = build_rows(session.messages, plan.digests, plan.places, plan.start, 2**62)
    [rows] = [batch.rows for batch in batches if batch.rows]
    return plan, RowBatch(0, rows)


def _fingerprint() -> str:
    digest = hashlib.blake2b(Path(__file__).read_bytes(), digest_size=4)
    root = Path(storage.documents.document.__file__).parent.parent
    for source in ("database/migrations/versions", "records/session_counts.py", "records/activity.py"):
        for path in sorted((root / source).glob("*.py")) or [root / source]:
            digest.update(path.read_bytes())
    return digest.hexdigest()


async def _build(server: str, urls: list[str], sessions: int) -> None:
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {_NAME} TEMPLATE template0 ENCODING 'UTF8'")
    await connection.close()
    async with contextlib.AsyncExitStack() as opened:
        databases = []
        for url in urls:
            await migrate(url)
            databases.append(await opened.enter_async_context(Database(url)))
        await fill(databases, sessions)
        for database in databases:
            await vacuum(database)
