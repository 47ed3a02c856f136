#!/usr/bin/env bash
# PyPI claude-agent-sdk 0.2.189, compared with npm @anthropic-ai/claude-agent-sdk 0.3.332.
#
# list_sessions() and get_session_info() of the Python SDK look for the title with a search for the text "customTitle":" in
# the first and last 64 KiB of the transcript, whatever the type of the line. The arguments of a tool call are plain JSON in the
# same file, so a tool with a parameter of that name (or of the name summary, where the session has neither a title nor a
# last-prompt line) gives the session its title. custom_title then claims that the user set it. The TypeScript SDK reads the
# title from lines of that type only, and the Python SDK's own import into a SessionStore, which parses each line, agrees
# with it: one SDK gives two titles for one session.
#
# Why it matters: a program that lists or indexes sessions with this SDK shows an argument of a tool (a ticket's summary, for
# example) as the title of the conversation, and the title changes when the session moves from files to a store.
#
# Seen:
#   typescript, files: Rename the ticket about pears.
#   python, files:     Order more pears
#   python, store:     Rename the ticket about pears.
#   python, files, a tool with summary only: Ticket seven
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --omit=optional --prefix sdk @anthropic-ai/claude-agent-sdk@0.3.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check claude-agent-sdk==0.2.189

cat >session.py <<'EOF'
import json
import os
import sys

arguments = json.loads(sys.argv[1])
session = "11111111-1111-4111-8111-111111111111"
rows = [
    ("user", "Rename the ticket about pears."),
    ("assistant", [{"type": "tool_use", "id": "toolu_1", "name": "mcp__tickets__update", "input": arguments}]),
    ("user", [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"}]),
    ("assistant", [{"type": "text", "text": "Renamed."}]),
]
os.makedirs("config/projects/-w", exist_ok=True)
parent = None
with open(f"config/projects/-w/{session}.jsonl", "w") as file:
    for number, (role, content) in enumerate(rows):
        message = {"role": role, "content": content}
        if role == "assistant":
            message |= {"id": f"msg_{number}", "type": "message", "model": "claude-opus-5-5"}
        line = {"parentUuid": parent, "isSidechain": False, "type": role, "message": message}
        line["uuid"] = parent = f"00000000-0000-4000-8000-00000000000{number}"
        line |= {"timestamp": f"2026-11-28T06:00:0{number}.000Z", "cwd": "/w", "sessionId": session, "version": "2.1.332"}
        file.write(json.dumps(line, separators=(",", ":")) + "\n")
EOF
cat >read.py <<'EOF'
import asyncio
import sys
import claude_agent_sdk as sdk


async def from_store() -> str:
    store = sdk.InMemorySessionStore()
    await sdk.import_session_to_store("11111111-1111-4111-8111-111111111111", store)
    [info] = await sdk.list_sessions_from_store(store, directory="/w")
    return info.summary


print(asyncio.run(from_store()) if sys.argv[1] == "store" else sdk.list_sessions()[0].summary)
EOF
echo "import { listSessions } from '@anthropic-ai/claude-agent-sdk'; console.log((await listSessions())[0].summary)" >sdk/read.mjs

clean() { env -i PATH="$PATH" HOME="$work" CLAUDE_CONFIG_DIR="$work/config" "$@"; }
python3 session.py '{"id": 7, "customTitle": "Order more pears"}'
typescript=$(clean node sdk/read.mjs)
files=$(clean py/bin/python read.py files)
store=$(clean py/bin/python read.py store)
python3 session.py '{"id": 7, "summary": "Ticket seven"}'
summary=$(clean py/bin/python read.py files)
echo "typescript, files: $typescript"
echo "python, files:     $files"
echo "python, store:     $store"
echo "python, files, a tool with summary only: $summary"
[ "$typescript" = "Rename the ticket about pears." ]
[ "$files" = "Order more pears" ]
[ "$store" = "Rename the ticket about pears." ]
[ "$summary" = "Ticket seven" ]
