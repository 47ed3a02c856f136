"""Saved sessions in any number, made from a seed: the same documents on every machine.

Words follow a power law, as in prose, with a tail that looks like identifiers; lengths of messages and sessions are
log-normal. `python -m tests.speed.generate --sessions 500 --out FOLDER` writes one file a session.
"""

import argparse
import itertools
import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import orjson

_STOP = "the to a of and in is that for it with this be on are we as not if or can by an from".split()
_COMMON = list(
    dict.fromkeys(
        """function error file server test code value return line query message index request type
        session data name response table string call class list run path module check token module cache
        client state config update build change result field import output input handler schema parse
        connection thread memory lock queue worker event stream buffer socket timeout retry header payload
        route branch commit merge review deploy release container volume image kernel signal process fork
        pipe shell script command option flag argument parameter variable constant method property object
        array map set tree graph node edge vertex path search sort filter reduce group join select insert
        delete transaction isolation snapshot rollback index page block chunk segment offset cursor limit
        window frame render layout style color font button form modal dialog menu toolbar panel widget
        latency throughput bandwidth percentile median average variance sample metric counter gauge trace
        span log debug warning panic crash hang leak race deadlock overflow underflow precision rounding
        encode decode compress encrypt hash digest signature certificate key secret vault policy role user
        group tenant account billing invoice order cart product price currency locale timezone calendar
        schedule cron job task step plan goal agent model prompt context embedding vector similarity rank
        score threshold budget quota burst shard replica leader follower quorum election heartbeat gossip
        migration backfill fixture mock stub assertion coverage benchmark profile flame heap stack register
        compiler linker parser lexer grammar symbol scope closure iterator generator coroutine future
        promise callback middleware plugin extension adapter bridge proxy gateway balancer firewall""".split()
    )
)
_RARE = [f"quokka{word}" for word in "amber basil cedar delta ember fjord grove haven".split()]
_RARE += [f"quokka{word}" for word in "ivory jetty karst lotus mango nylon opal pearl".split()]
_RARE_HITS = 40
_TAIL = [first + second.capitalize() for first, second in itertools.permutations(_COMMON, 2)]
Random(0).shuffle(_TAIL)
_VOCABULARY = [word for pair in zip(_STOP, _COMMON, strict=False) for word in pair]
_VOCABULARY += _COMMON[len(_STOP) :] + _TAIL[:30_000]
_WEIGHTS = list(itertools.accumulate(1 / (rank + 2.7) ** 1.02 for rank in range(1, len(_VOCABULARY) + 1)))
_TOOLS = ["read_file", "grep_files", "exec_shell", "apply_patch", "list_dir"]
_MODELS = ["deepseek-chat", "deepseek-reasoner", "claude-sonnet", "gpt-5-codex"]
_PROJECTS = "atlas beacon comet dynamo ember falcon glacier harbor".split()
_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
_LONGEST_SESSION = 1500
_FIRST_SESSION = 500

Document = dict[str, Any]
Block = dict[str, Any]


class Prose:
    """Text of words drawn by their weights."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._pool: Iterator[str] = iter(())

    def words(self, count: int) -> list[str]:
        words = list(itertools.islice(self._pool, count))
        while len(words) < count:
            self._pool = iter(self._rng.choices(_VOCABULARY, cum_weights=_WEIGHTS, k=4096))
            words += itertools.islice(self._pool, count - len(words))
        return words

    def text(self, mean: int) -> str:
        return " ".join(self.words(max(3, min(600, int(self._rng.lognormvariate(math.log(mean), 0.6))))))


def sessions(count: int, mean: float = 40, seed: int = 1) -> Iterator[Document]:
    """Yields `count` zagens documents of `mean` messages on average; the first has exactly 500."""
    counts, rare = _plan(count, mean, seed)
    base = 0
    for number, size in enumerate(counts):
        yield _session(number, size, Random(f"{seed}/{number}"), base, rare)
        base += size


def _plan(count: int, mean: float, seed: int) -> tuple[list[int], dict[int, list[str]]]:
    """How many messages each session has, and at which messages of all the rare words stand."""
    rng, sigma = Random(seed), 0.95
    mu = math.log(mean) - sigma * sigma / 2
    counts = [min(_LONGEST_SESSION, max(2, round(rng.lognormvariate(mu, sigma)))) for _ in range(count)]
    counts[0] = _FIRST_SESSION
    total = sum(counts)
    rare: dict[int, list[str]] = {}
    for word in _RARE:
        for place in rng.sample(range(total), _RARE_HITS):
            rare.setdefault(place, []).append(word)
    return counts, rare


def _session(number: int, size: int, rng: Random, base: int, rare: dict[int, list[str]]) -> Document:
    prose = Prose(rng)
    messages: list[Document] = []
    called: str | None = None
    for position in range(size):
        extra = "".join(f" {word}" for word in rare.get(base + position, ()))
        role = "user"
        if called is not None:
            blocks = [{"type": "tool_result", "tool_use_id": called, "content": prose.text(60) + extra}]
            called = None
        elif position % 2 == 0 and (not messages or messages[-1]["role"] == "assistant"):
            blocks = [{"type": "text", "text": prose.text(25) + extra}]
        else:
            role = "assistant"
            blocks = _answer(rng, prose, extra, f"call_{number}_{position}" if position + 1 < size else None)
            called = blocks[-1].get("id")
        messages.append({"role": role, "content": blocks})
    created = _EPOCH + timedelta(seconds=1800 * number + rng.randrange(1700))
    prompt = f"You are a coding agent. {prose.text(40)}"
    metadata = {
        "id": str(UUID(int=rng.getrandbits(128), version=4)),
        "title": " ".join(prose.words(6)),
        "created_at": created.isoformat(),
        "updated_at": (created + timedelta(seconds=60)).isoformat(),
        "message_count": size,
        "total_tokens": size * rng.randrange(150, 900),
        "model": rng.choice(_MODELS),
        "workspace": f"/home/dev/{rng.choice(_PROJECTS)}",
        "mode": rng.choice(["agent", "plan", "yolo"]),
        "system_prompt": prompt,
    }
    return {"schema_version": 1, "metadata": metadata, "messages": messages, "system_prompt": prompt}


def _answer(rng: Random, prose: Prose, extra: str, call_id: str | None) -> list[Block]:
    """What an assistant says, and perhaps a call at the end, unless `call_id` is None."""
    blocks: list[Block] = []
    if rng.random() < 0.4:
        blocks.append({"type": "thinking", "thinking": prose.text(40)})
    blocks.append({"type": "text", "text": prose.text(35) + extra})
    if rng.random() < 0.6 and call_id is not None:
        name = rng.choice(_TOOLS)
        path = "/".join(["src", *prose.words(2)]) + ".py"
        blocks.append(
            {"type": "tool_use", "id": call_id, "name": name, "input": {"path": path, "limit": rng.randrange(500)}}
        )
    return blocks


def long_session(item_count: int, session_id: str) -> Document:
    """A zagens document of exactly `item_count` thread items, put together from sessions of 500 messages."""
    sources = (_session(number, _FIRST_SESSION, Random(f"long/{number}"), 0, {}) for number in itertools.count())
    messages = list(_until(item_count, (message for source in sources for message in source["messages"])))
    document = _session(0, 0, Random(session_id), 0, {})
    metadata = {**document["metadata"], "id": session_id, "message_count": len(messages)}
    return {**document, "metadata": metadata, "messages": messages}


def with_long_message(document: Document, characters: int) -> Document:
    """A copy of the document with one more message, of so many characters."""
    prose = Prose(Random(f"long/{document['metadata']['id']}"))
    text = ""
    while len(text) < characters:
        text += prose.text(200) + "\n"
    messages = [*document["messages"], {"role": "user", "content": [{"type": "text", "text": text[:characters]}]}]
    return {**document, "messages": messages}


def _until(item_count: int, messages: Iterable[Document]) -> Iterator[Document]:
    missing = item_count
    for message in messages:
        # A tool's result is part of its call's item.
        blocks = [block for block in message["content"] if block["type"] != "tool_result"][:missing]
        missing -= len(blocks)
        yield {**message, "content": blocks or message["content"]}
        if missing == 0:
            return


def write_sessions(folder: Path, count: int, mean: float = 40, seed: int = 1) -> list[Path]:
    """The files of `count` sessions, one each, in a folder that is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for document in sessions(count, mean, seed):
        path = folder / f"{document['metadata']['id']}.json"
        path.write_bytes(orjson.dumps(document))
        paths.append(path)
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description="Write saved sessions, made from a seed.")
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--mean", type=float, default=40, help="messages a session on average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    write_sessions(given.out, given.sessions, given.mean, given.seed)


if __name__ == "__main__":
    main()
