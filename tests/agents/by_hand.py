"""A conversation of another agent, which tests write in the format of each program."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.agents.model_server.conversation import Expected

PROMPT = "Which tea is the cheapest?"
FOREWORD = "I ask the till."
# One red dot.
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
# A tool that none of the programs has.
TOOL = "till_price"
# Two parallel calls, of which the second fails.
CALL_ID = "call_till_1"
INPUT = {"tea": "mint", "note": "größe"}
RESULT = "mint: 2"
FAILED_ID = "call_till_2"
FAILED_INPUT = {"tea": "coal"}
FAILURE = "coal is not sold"
ANSWER = "Mint tea is the cheapest."
NEXT_PROMPT = "And the dearest?"


def expected() -> list[Expected]:
    """The items that a program must send when it resumes the conversation."""
    return [
        Expected("text", PROMPT, "user"),
        Expected("image", PICTURE, "user"),
        Expected("text", FOREWORD, "assistant"),
        Expected("call", "größe", "assistant", TOOL, CALL_ID),
        Expected("call", "coal", "assistant", TOOL, FAILED_ID),
        Expected("result", RESULT, id=CALL_ID),
        Expected("result", FAILURE, id=FAILED_ID),
        Expected("text", ANSWER, "assistant"),
        Expected("text", NEXT_PROMPT, "user"),
    ]


def now() -> str:
    """The time in the form of transcripts. Not a fixed one: some programs delete sessions older than a month."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def jsonl(lines: Iterable[dict[str, Any]]) -> bytes:
    """The lines as compact JSON."""
    return b"".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for line in lines)


def lines(file: Path) -> list[dict[str, Any]]:
    """The lines of a file as JSON."""
    return [json.loads(line) for line in file.read_bytes().splitlines()]
