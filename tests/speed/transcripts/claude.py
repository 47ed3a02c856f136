"""Generated transcripts of Claude Code: what its lines look like, without what they say."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from tests.speed.transcripts.prose import SessionText

Line = dict[str, Any]
Call = tuple[str, str, object, bool]
"""Id of a call, its result as text, its structured result, whether it failed."""

_MODELS = ["claude-sonnet-4-5-20250929", "claude-opus-4-5-20251101", "claude-haiku-4-5-20251001"]
_NEWEST = datetime(2026, 11, 20, 18, tzinfo=UTC)
# Lines from which a session is compacted.
_WINDOW = 400


class ClaudeSession:
    """A session with its subagents: `lines`, and `subagents` with their lines by id.

    `planted` stands in the first prompt, `mark` in the output of a tool. With `logs_traffic` each reply is preceded by
    lines that log the request, as newer versions write them.
    """

    def __init__(self, number: int, mean_lines: int, planted: str, mark: str, *, logs_traffic: bool) -> None:
        self._rng = Random(f"claude/{number}")
        self._text = SessionText(self._rng)
        self._logs_traffic = logs_traffic
        self.id = self._uuid()
        project = self._text.words(1)
        self.cwd = f"/home/dev/work/{project}"
        self.lines: list[Line] = []
        self.subagents: dict[str, list[Line]] = {}
        self.usage: list[dict[str, int]] = []
        self.has_mark = False
        self._mark = mark
        self._model = self._rng.choice(_MODELS)
        self._time = _NEWEST - timedelta(days=180 * self._rng.random())
        self._last: str | None = None
        self._agent: str | None = None
        self._cached = 9_000
        self._target = max(4, min(40 * mean_lines, self._text.length(mean_lines * 2 // 3, 0.95, 40 * mean_lines)))
        self._build(planted)

    @property
    def folder(self) -> str:
        """The name of the project's folder."""
        return "".join(char if char.isalnum() and char.isascii() else "-" for char in self.cwd)

    @property
    def updated_at(self) -> float:
        """When the last line was written, in seconds since the epoch."""
        return self._time.timestamp()

    def _build(self, planted: str) -> None:
        self._turn(f"{self._text.prose(18)} {planted}")
        if self._rng.random() < 0.85:
            self.lines.append({"type": "ai-title", "aiTitle": self._text.words(5), "sessionId": self.id})
        windows = 1
        while len(self.lines) < self._target:
            if len(self.lines) > _WINDOW * windows:
                self._compact()
                windows += 1
            self._turn(self._text.cjk(9) if self._rng.random() < 0.04 else self._text.prose(22))
        if self._rng.random() < 0.05:
            self._reply([self._call("Bash", {"command": "make watch"})], "tool_use")
        if self._rng.random() < 0.06:
            self.lines.append({"type": "custom-title", "customTitle": self._text.words(4), "sessionId": self.id})
        self.lines.append({"type": "last-prompt", "leafUuid": self._last, "sessionId": self.id})

    def _uuid(self) -> str:
        return str(UUID(int=self._rng.getrandbits(128), version=4))

    def _token(self, prefix: str) -> str:
        return f"{prefix}{self._rng.getrandbits(96):024x}"

    def _now(self) -> str:
        self._time += timedelta(seconds=self._rng.uniform(0.4, 9))
        return self._time.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _put(self, kind: str, **fields: Any) -> str:
        own = self._uuid()
        line = {
            "parentUuid": self._last,
            "isSidechain": self._agent is not None,
            "userType": "external",
            "cwd": self.cwd,
            "sessionId": self.id,
            "version": "2.1.332",
            "gitBranch": "main",
            "type": kind,
            **fields,
            "uuid": own,
            "timestamp": self._now(),
        }
        if self._agent is not None:
            line["agentId"] = self._agent
        self.lines.append(line)
        self._last = own
        return own

    def _turn(self, prompt: str) -> None:
        self._prompt(prompt)
        for _ in range(self._text.length(3, 0.8, 14)):
            if len(self.lines) < self._target:
                self._step()
        thinking = [self._thinking()] if self._rng.random() < 0.3 else []
        self._reply([*thinking, {"type": "text", "text": self._text.prose(80)}], "end_turn")
        self._time += timedelta(seconds=self._text.length(90, 1.2, 20_000))

    def _prompt(self, text: str) -> None:
        content: object = text
        if self._rng.random() < 0.02:
            png = base64.b64encode(b"\x89PNG\r\n\x1a\n" + self._rng.randbytes(self._rng.randint(1500, 9000))).decode()
            source = {"type": "base64", "media_type": "image/png", "data": png}
            content = [{"type": "text", "text": text}, {"type": "image", "source": source}]
        if self._agent is None:
            self.lines.append({"type": "file-history-snapshot", "messageId": self._uuid(), "isSnapshotUpdate": False})
        self._put("user", message={"role": "user", "content": content})

    def _thinking(self) -> dict[str, object]:
        signature = base64.b64encode(self._rng.randbytes(self._rng.randint(180, 700))).decode()
        return {"type": "thinking", "thinking": self._text.prose(60), "signature": signature}

    def _call(self, name: str, arguments: dict[str, object]) -> dict[str, object]:
        return {"type": "tool_use", "id": self._token("toolu_01"), "name": name, "input": arguments}

    def _reply(self, blocks: Sequence[dict[str, object]], stop: str) -> list[str]:
        """Write a reply: one line a block, all with one message id; return the lines' ids."""
        if self._logs_traffic:
            shape = {"system": self._text.prose(400), "tools": self._text.prose(2_000)}
            self.lines.append({"type": "api-request-shape", "shape": shape})
            self.lines.append({"type": "api-request-blob", "message": blocks[0]})
        message_id, request_id = self._token("msg_01"), self._token("req_011")
        written = self._rng.randint(120, 4200)
        usage = {
            "input_tokens": self._rng.randint(2, 40),
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": self._cached,
            "output_tokens": self._rng.randint(20, 2000),
        }
        self.usage.append(usage)
        self._cached = (self._cached + written) % 180_000
        message = {"model": self._model, "id": message_id, "type": "message", "role": "assistant", "usage": usage}
        return [
            self._put("assistant", requestId=request_id, message={**message, "content": [block], "stop_reason": stop})
            for block in blocks
        ]

    def _step(self) -> None:
        """A reply that calls tools, and their results."""
        blocks = [self._thinking()] if self._rng.random() < 0.3 else []
        if self._rng.random() < 0.55:
            blocks.append({"type": "text", "text": self._text.prose(25)})
        if self._agent is None and self._rng.random() < 0.015:
            self._subagent(blocks)
            return
        calls: list[Call] = []
        for _ in range(2 if self._rng.random() < 0.15 else 1):
            block, text, structured, failed = self._tool()
            blocks.append(block)
            calls.append((str(block["id"]), text, structured, failed))
        parents = self._reply(blocks, "tool_use")[-len(calls) :]
        self._results(calls, parents)

    def _results(self, calls: Sequence[Call], parents: Sequence[str]) -> None:
        for (call_id, text, structured, failed), parent in zip(calls, parents, strict=True):
            block: dict[str, object] = {"tool_use_id": call_id, "type": "tool_result", "content": text}
            if failed:
                block["is_error"] = True
            self._last = parent
            message = {"role": "user", "content": [block]}
            self._put("user", message=message, toolUseResult=structured, sourceToolAssistantUUID=parent)

    def _tool(self) -> tuple[dict[str, object], str, object, bool]:
        path, chance = f"{self.cwd}/{self._text.path()}", self._rng.random()
        if chance < 0.4:
            code = "\n".join(self._text.code(70))
            numbered = "\n".join(f"{number:6d}\u2192{line}" for number, line in enumerate(code.split("\n"), 1))
            file = {"filePath": path, "content": code, "numLines": code.count("\n") + 1, "startLine": 1}
            return self._call("Read", {"file_path": path}), numbered, {"type": "text", "file": file}, False
        if chance < 0.75:
            output = "\n".join(self._text.words(self._rng.randint(4, 14)) for _ in range(self._text.length(20, 1, 400)))
            if self._agent is None and not self.has_mark:
                output, self.has_mark = f"{output}\n{self._mark}", True
            failed = self._rng.random() < 0.07
            structured = f"Error: {output}" if failed else {"stdout": output, "stderr": "", "interrupted": False}
            return self._call("Bash", {"command": f"pytest -q {path}"}), output, structured, failed
        old, new = "\n".join(self._text.code(3)), "\n".join(self._text.code(6))
        structured = {"filePath": path, "oldString": old, "newString": new, "originalFile": None}
        call = self._call("Edit", {"file_path": path, "old_string": old, "new_string": new})
        return call, f"The file {path} has been updated.\n{new}", structured, False

    def _subagent(self, blocks: list[dict[str, object]]) -> None:
        agent, prompt = f"{self._rng.getrandbits(68):017x}", self._text.prose(40)
        call = self._call("Task", {"description": self._text.words(4), "prompt": prompt, "subagent_type": "Explore"})
        parents = self._reply([*blocks, call], "tool_use")[-1:]
        own = self.lines, self._last
        self.lines, self._last, self._agent = [], None, agent
        self._prompt(prompt)
        for _ in range(self._rng.randint(2, 9)):
            self._step()
        text = self._text.prose(90)
        report: dict[str, object] = {"type": "text", "text": text}
        self._reply([report], "end_turn")
        self.subagents[agent] = self.lines
        (self.lines, self._last), self._agent = own, None
        structured = {"status": "completed", "prompt": prompt, "agentId": agent, "content": [report]}
        self._results([(str(call["id"]), text, structured, False)], parents)

    def _compact(self) -> None:
        before, self._last = self._last, None
        self._put("system", subtype="compact_boundary", logicalParentUuid=before, compactMetadata={"trigger": "auto"})
        content = f"This session is being continued from a previous conversation. {self._text.prose(500)}"
        self._put("user", isCompactSummary=True, message={"role": "user", "content": content})
