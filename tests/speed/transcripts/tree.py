"""A home folder with generated transcripts: `python -m tests.speed.transcripts.tree --out FOLDER`.

The same numbers give the same bytes. `manifest.json` in the folder says what is in it: files, lines, bytes, the tokens
of all replies, and which sessions a search must find.
"""

import argparse
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from tests.speed.transcripts.claude import ClaudeSession
from tests.speed.transcripts.codex import CodexRollout

PHRASE = "amber falcon"
TWO_WORDS = "heliotrope quaystone"
CJK = "会话恢复"
_TERMS = {"phrase": PHRASE, "two words": TWO_WORDS, "CJK": CJK}


def write_tree(folder: Path, sessions: int, rollouts: int, mean_lines: int = 50, *, logs_traffic: bool = False) -> None:
    """Write the transcripts below `folder`, which stands for a user's home, unless they are there."""
    if (folder / "manifest.json").exists():
        return
    found: dict[str, list[str]] = {name: [] for name in (*_TERMS, "tool output")}
    totals: Counter[str] = Counter()
    for number in range(sessions):
        planted, names = _planted(number)
        session = ClaudeSession(number, mean_lines, planted, f"toolmark{number}y", logs_traffic=logs_traffic)
        place = folder / ".claude/projects" / session.folder
        totals += _write(place / f"{session.id}.jsonl", session.lines, session.updated_at)
        for agent, lines in session.subagents.items():
            path = place / session.id / "subagents" / f"agent-{agent}.jsonl"
            totals += _write(path, lines, session.updated_at)
            path.with_suffix(".meta.json").write_bytes(orjson.dumps({"agentType": "Explore"}))
        for usage in session.usage:
            totals.update(usage)
        for name in names:
            found[name].append(session.id)
        if session.has_mark and not found["tool output"]:
            found["tool output"], _TERMS["tool output"] = [session.id], f"toolmark{number}y"
    for number in range(rollouts):
        rollout = CodexRollout(number, mean_lines, PHRASE if number % 100 == 0 else "")
        totals += _write(folder / ".codex" / rollout.path, rollout.lines, rollout.updated_at)
        if number % 100 == 0:
            found["phrase"].append(rollout.id)
    terms = {name: {"query": query, "sessions": found[name]} for name, query in _TERMS.items()}
    manifest = {"sessions": sessions + rollouts, "totals": totals, "terms": terms}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))


def read_manifest(folder: Path) -> dict[str, Any]:
    """What `write_tree` wrote there."""
    manifest: dict[str, Any] = orjson.loads((folder / "manifest.json").read_bytes())
    return manifest


def _planted(number: int) -> tuple[str, list[str]]:
    names = [name for place, name in enumerate(("phrase", "two words", "CJK")) if number % 100 == 7 * place]
    texts = {"phrase": PHRASE, "two words": "heliotrope lies far from here, quaystone", "CJK": f"数据库{CJK}查询"}
    return " ".join(texts[name] for name in names), names


def _write(path: Path, lines: Iterable[dict[str, Any]], updated_at: float) -> Counter[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded = [orjson.dumps(line) for line in lines]
    data = b"".join(line + b"\n" for line in encoded)
    path.write_bytes(data)
    os.utime(path, (updated_at, updated_at))
    return Counter(files=1, lines=len(encoded), bytes=len(data))


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a home folder with generated transcripts.")
    parser.add_argument("--sessions", type=int, default=2_000)
    parser.add_argument("--rollouts", type=int, default=200)
    parser.add_argument("--mean", type=int, default=50, help="lines of a transcript on average")
    parser.add_argument("--traffic", action="store_true", help="with the lines that log requests to the model")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    write_tree(given.out, given.sessions, given.rollouts, given.mean, logs_traffic=given.traffic)


if __name__ == "__main__":
    main()
