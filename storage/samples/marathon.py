"""Generates one very long CodeWhale session from a fixed seed, the same on every machine."""

from random import Random

Block = dict[str, object]
Entry = dict[str, object]

# Each area: a file, the users' name for the feature, a part of it, and a symptom.
AREAS = {
    "search": ("src/search/index.rs", "full-text search", "tokenizer", "umlauts vanish from the index"),
    "billing": ("src/billing/dunning.py", "payment reminder", "due date", "a paid invoice is reminded again"),
    "auth": ("src/auth/refresh.go", "login", "refresh token", "users are logged out after an hour"),
    "maps": ("web/maps/cluster.ts", "map view", "marker cluster", "markers jump while zooming"),
    "export": ("src/export/ledger.py", "ledger export", "column width", "long amounts print as ####"),
    "mail": ("src/mail/queue.py", "newsletter", "bounce handler", "one bad address stops the whole batch"),
    "calendar": ("lib/calendar/zone.ex", "calendar", "daylight saving", "weekly events move by an hour in October"),
    "photos": ("src/photos/thumb.c", "photo album", "EXIF orientation", "portraits lie on their side"),
    "sync": ("src/sync/merge.kt", "offline sync", "vector clock", "the older edit wins after a reconnect"),
    "stock": ("db/stock/reserve.sql", "stock reservation", "row lock", "two baskets get the last item"),
    "metrics": ("ops/metrics/scrape.yml", "dashboard", "histogram bucket", "latency is flat at ten seconds"),
    "import": ("src/import/opml.rb", "feed import", "byte order mark", "the first feed is always missing"),
}
ASKS = (
    "In the {thing}, {symptom}. Can you find out why?",
    "{thing} again: {symptom}. It started after the last release.",
    "Please tidy up {path}, the {part} code is in three places.",
    "Write a test for the {part} before we touch the {thing} any further.",
    "How does the {part} work? Explain it for the handbook.",
    "Review my change to {path}, I am unsure about the {part}.",
    "The {thing} is slow with {count} entries. Measure first, then make it faster.",
    "CI is red on {path} since ticket {ticket}, have a look.",
)
THOUGHTS = (
    "The symptom points at the {part}. Read {path} before guessing.",
    "Reproduce it with {count} rows first, otherwise I cannot tell whether a fix helps.",
    "Two callers of the {part} disagree about who owns the state.",
    "Ticket {ticket} touched the same lines; compare the behaviour before and after.",
)
FINDINGS = (
    "The {part} is set up once per process but changed per request. That is how {symptom}.",
    "I changed {path}: the {part} has one owner now, and the old entry point calls it. {count} tests pass.",
    "Measured with {count} entries: {before} ms before, {after} ms after. The {part} was computed in the inner loop.",
    "Ticket {ticket} is not the cause. It only made visible that the {part} was never checked.",
    "The test fails without the change and passes with it. The {thing} behaves the same otherwise.",
    "I would leave the {part} alone: {path} is clear enough, and a rewrite would cost the {thing} its history.",
)
# Tool, its input, its output, and its output when it fails.
TOOLS = (
    ("read_file", {"path": "{path}"}, "{count} lines, the {part} starts at line {line}", "no such file: {path}"),
    ("grep_files", {"pattern": "{part}"}, "{path}:{line}: {part}\n{path}:{count}: {part} (test)", "0 matches"),
    ("exec_shell", {"cmd": "make test"}, "{count} passed in {after} ms", "FAILED {path}:{line}\n1 failed"),
    ("apply_patch", {"path": "{path}", "patch": "@@ -{line} +{line} @@"}, "patched {path}", "hunk at {line} rejected"),
    ("exec_shell", {"cmd": "git log --oneline {path}"}, "{ticket}c0de one place for the {part}", "fatal: bad revision"),
    ("exec_shell", {"cmd": "make bench"}, "{thing}: {after} ms for {count} entries", "timed out after {before} ms"),
)
STEPS_PER_TURN = 6
FAILURE_RATE = 0.12
THINKING_RATE = 0.4


def marathon(messages: int = 2_400) -> dict[str, object]:
    """A CodeWhale document with `messages` messages; each tool result is in the user message after its call."""
    rng = Random(20260311)
    entries: list[Entry] = []
    while len(entries) < messages:
        steps = min(rng.randrange(STEPS_PER_TURN), max(0, (messages - len(entries) - 2) // 2))
        entries += _turn(rng, steps, len(entries))
    return {
        "schema_version": 1,
        "metadata": {
            "id": "6a0f2d1e-58b7-4c39-9f62-1d7e03c4ab90",
            "title": "Marathon: one year of maintenance in one session",
            "created_at": "2026-03-11T06:00:00Z",
            "updated_at": "2026-11-20T17:45:30Z",
            "message_count": messages,
            "total_tokens": 9_481_207,
            "model": "deepseek-v4-pro",
            "model_provider": "deepseek",
            "workspace": "/srv/repos/almanac",
            "mode": "agent",
            "cost": {
                "session_cost_usd": 14.2218,
                "session_cost_cny": 100.9748,
                "subagent_cost_usd": 0.0,
                "subagent_cost_cny": 0.0,
                "displayed_cost_high_water_usd": 14.2218,
                "displayed_cost_high_water_cny": 100.9748,
                "priced_turns": sum(entry["role"] == "assistant" for entry in entries[:messages]),
                "unpriced_turns": 0,
                "coverage_recorded": True,
            },
            "cumulative_turn_secs": 61_340,
            "spawn_depth": 0,
        },
        "messages": entries[:messages],
        "system_prompt": "You maintain the almanac monorepo. Small commits, a test with every change.",
    }


def _turn(rng: Random, steps: int, start: int) -> list[Entry]:
    """A prompt, `steps` tool calls with results, and a final reply: 2 + 2 * steps messages."""
    path, thing, part, symptom = AREAS[rng.choice(sorted(AREAS))]
    words: dict[str, object] = {"path": path, "thing": thing, "part": part, "symptom": symptom}
    words |= {"count": rng.randrange(12, 9_000), "line": rng.randrange(3, 700), "ticket": rng.randrange(1_000, 9_999)}
    words |= {"before": rng.randrange(300, 9_000), "after": rng.randrange(2, 290)}
    entries = [_entry("user", _text(rng.choice(ASKS), words))]
    for step in range(steps):
        name, arguments, answer, failure = rng.choice(TOOLS)
        call_id, is_error = f"call_{start + step:05d}_{step}", rng.random() < FAILURE_RATE
        call: Block = {"type": "tool_use", "id": call_id, "name": name}
        call["input"] = {key: value.format_map(words) for key, value in arguments.items()}
        result: Block = {"type": "tool_result", "tool_use_id": call_id, "is_error": is_error}
        result["content"] = (failure if is_error else answer).format_map(words)
        thought: Block = {"type": "thinking", "thinking": rng.choice(THOUGHTS).format_map(words)}
        blocks = [thought, call] if rng.random() < THINKING_RATE else [call]
        entries += [_entry("assistant", *blocks), _entry("user", result)]
    return [*entries, _entry("assistant", _text(rng.choice(FINDINGS), words))]


def _entry(role: str, *blocks: Block) -> Entry:
    return {"role": role, "content": list(blocks)}


def _text(template: str, words: dict[str, object]) -> Block:
    return {"type": "text", "text": template.format_map(words)}
