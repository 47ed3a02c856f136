"""Runs the comparison and prints its table."""

import shutil
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from tests.agents.isolation import Isolation, isolated
from tests.agents.model_server.script import reply
from tests.agents.model_server.server import ModelServer
from tests.agents.programs.claude_code import ClaudeCode
from tests.agents.programs.codex import Codex
from tests.agents.programs.program import Program
from tests.agents.side_by_side.arrived import AS_TEXT, IN_KIND, LOST, arrived
from tests.agents.side_by_side.handoffs import AI_SESSIONS, BRIDGE, REPRISE, Refused, Tools, Way, reprise, say
from tests.agents.side_by_side.sessions import Given, sessions

PROMPT = "And the dearest?"
Counts = Counter[tuple[str, str]]


def main() -> None:
    """Hand each session over with each tool."""
    counts: dict[str, Counts] = defaultdict(Counter)
    # Without characters that programs replace in the names of folders.
    folder = Path(tempfile.gettempdir(), f"sidebyside{Path('/proc/self').resolve().name}")
    folder.mkdir()
    try:
        tools = Tools(folder / "tools")
        ways: dict[str, Way] = {REPRISE: reprise, BRIDGE: tools.bridge, AI_SESSIONS: tools.ai_sessions}
        (shop := folder / "shop").mkdir()
        with isolated() as isolation, ModelServer(isolation.listener()).running() as models:
            for number, given in enumerate(sessions(shop)):
                for tool, way in ways.items():
                    place = folder / f"{number}-{tool.partition(' ')[0]}"
                    counts[tool] += _compared(given, tool, way, place, shop, isolation, models)
                    isolation.kill_all()
    finally:
        shutil.rmtree(folder)
    print(table(counts))  # noqa: T201 - the result


def _compared(
    given: Given, tool: str, way: Way, place: Path, cwd: Path, isolation: Isolation, models: ModelServer
) -> Counts:
    models.reset()
    program: Program = (Codex if given.source == "CLAUDE_CODE" else ClaudeCode)(place, isolation, models.url)
    home = ".claude" if given.source == "CLAUDE_CODE" else ".codex"
    source = program.home / home / given.place
    source.parent.mkdir(parents=True)
    source.write_bytes(given.data)
    all_lost = arrived(given, [])
    try:
        copy = way(given, source, program, models, cwd)
        seen = len(models.requests)
        models.play(reply("I do not know."))
        program.run(PROMPT, cwd, resume=copy)
    except (Refused, AssertionError) as error:
        say(given.id, tool, "NOT TAKEN UP:", str(error)[:300])
        return all_lost + Counter({("sessions", LOST): 1})
    found = arrived(given, models.requests[seen].conversation)
    say(given.id, tool, {f"{kind} {how}".strip(): count for (kind, how), count in found.items() if count})
    return found + Counter({("sessions", IN_KIND): 1})


def table(counts: dict[str, Counts]) -> str:
    """A row for each kind, a column for each tool."""
    kinds = dict.fromkeys(["sessions", *(kind for found in counts.values() for kind, _ in found)])
    rows = [["", *counts], ["---"] * (len(counts) + 1)]
    for kind in kinds:
        rows.append([kind, *(_cell(found, kind) for found in counts.values())])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(found: Counts, kind: str) -> str:
    if (kind, "") in found or not any(one == kind for one, _ in found):
        return str(found[kind, ""])
    return ", ".join(f"{found[kind, how]} {how}" for how in (IN_KIND, AS_TEXT, LOST) if found[kind, how])


if __name__ == "__main__":
    main()
