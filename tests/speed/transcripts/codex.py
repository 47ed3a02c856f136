"""Generated rollouts of Codex."""

import base64
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson

from tests.speed.transcripts.prose import SessionText

_NEWEST = datetime(2026, 11, 20, 18, tzinfo=UTC)


class CodexRollout:
    """A rollout: its `lines`, and the `path` below the agent's home."""

    def __init__(self, number: int, mean_lines: int, planted: str) -> None:
        self._rng = Random(f"codex/{number}")
        self._text = SessionText(self._rng)
        bits = self._rng.getrandbits
        self.id = f"019f{bits(16):04x}-{bits(16):04x}-7{bits(12):03x}-8{bits(12):03x}-{bits(48):012x}"
        self.lines: list[dict[str, Any]] = []
        self._time = _NEWEST - timedelta(days=180 * self._rng.random())
        self.path = f"sessions/{self._time:%Y/%m/%d}/rollout-{self._time:%Y-%m-%dT%H-%M-%S}-{self.id}.jsonl"
        self._totals = {"input_tokens": 0, "cached_input_tokens": 0, "output_tokens": 0, "reasoning_output_tokens": 0}
        self._build(self._text.length(mean_lines * 2 // 3, 0.95, 40 * mean_lines), planted)

    @property
    def updated_at(self) -> float:
        """When the last line was written, in seconds since the epoch."""
        return self._time.timestamp()

    def _build(self, target: int, planted: str) -> None:
        self._put(
            "session_meta",
            id=self.id,
            timestamp=self._time.isoformat(),
            cwd="/home/dev/work/shop",
            originator="codex_cli_rs",
            cli_version="0.171.0",
            source="cli",
            base_instructions={"text": f"You are a coding agent. {self._text.prose(200)}"},
            git={"branch": "main"},
        )
        self._message("user", "<environment_context>\n  <cwd>/home/dev/work/shop</cwd>\n</environment_context>")
        turn = 0
        while len(self.lines) < target:
            turn += 1
            self._turn(f"turn-{self.id[:8]}-{turn}", f"{self._text.prose(22)} {planted}" if turn == 1 else "")

    def _turn(self, turn_id: str, prompt: str) -> None:
        self._event("task_started", turn_id=turn_id, model_context_window=272_000)
        self._put("turn_context", turn_id=turn_id, cwd="/home/dev/work/shop", model="gpt-5-codex", effort="medium")
        prompt = prompt or self._text.prose(22)
        self._message("user", prompt)
        self._event("user_message", message=prompt, images=[])
        for _ in range(self._text.length(3, 0.8, 14)):
            self._step()
        text = self._text.prose(80)
        self._event("agent_message", message=text)
        self._message("assistant", text)
        self._event("task_complete", turn_id=turn_id, last_agent_message=text)
        self._time += timedelta(seconds=self._text.length(90, 1.2, 20_000))

    def _step(self) -> None:
        if self._rng.random() < 0.6:
            blob = base64.b64encode(self._rng.randbytes(self._rng.randint(300, 1800))).decode()
            summary = [{"type": "summary_text", "text": self._text.prose(25)}]
            self._item("reasoning", summary=summary, content=None, encrypted_content=blob)
        call_id = f"call_{self._rng.getrandbits(96):024x}"
        if self._rng.random() < 0.25:
            body = "\n".join(f"+{line}" for line in self._text.code(10))
            patch = f"*** Begin Patch\n*** Update File: {self._text.path()}\n@@\n{body}\n*** End Patch"
            self._item("custom_tool_call", name="apply_patch", call_id=call_id, status="completed", input=patch)
            self._item("custom_tool_call_output", call_id=call_id, output="Exit code: 0\nOutput:\nSuccess.")
        else:
            arguments = orjson.dumps({"cmd": f"sed -n '1,200p' {self._text.path()}"}).decode()
            self._item("function_call", name="exec_command", call_id=call_id, arguments=arguments)
            output = "Exit code: 0\nWall time: 0.1 seconds\nOutput:\n" + "\n".join(self._text.code(60))
            self._item("function_call_output", call_id=call_id, output=output)
        last = {"input_tokens": self._rng.randint(4_000, 90_000), "output_tokens": self._rng.randint(40, 1_500)}
        last |= {
            "cached_input_tokens": last["input_tokens"] * 4 // 5,
            "reasoning_output_tokens": last["output_tokens"] // 3,
        }
        self._totals = {name: count + last[name] for name, count in self._totals.items()}
        self._event("token_count", info={"total_token_usage": self._totals, "last_token_usage": last})

    def _put(self, kind: str, **payload: Any) -> None:
        self._time += timedelta(seconds=self._rng.uniform(0.05, 4))
        time = self._time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.lines.append({"timestamp": time, "type": kind, "payload": payload})

    def _item(self, kind: str, **fields: Any) -> None:
        self._put("response_item", **{"type": kind, **fields})

    def _event(self, kind: str, **fields: Any) -> None:
        self._put("event_msg", **{"type": kind, **fields})

    def _message(self, role: str, text: str) -> None:
        kind = "input_text" if role == "user" else "output_text"
        self._item("message", role=role, content=[{"type": kind, "text": text}])
