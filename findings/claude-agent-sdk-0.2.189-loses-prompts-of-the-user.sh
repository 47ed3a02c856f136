#!/usr/bin/env bash
# PyPI claude-agent-sdk 0.2.189, with npm @anthropic-ai/claude-code 2.1.332 and npm @anthropic-ai/claude-agent-sdk 0.3.332.
#
# The Python SDK misses two kinds of user prompts in a Claude Code transcript. The TypeScript SDK and the program itself read
# both.
# - Automatic compaction keeps the newest prompt: the compact_boundary line names its uuid in
#   compactMetadata.preservedMessages, and the prompt stays where it was, before the boundary, linked to nothing after it.
#   get_session_messages() answers without it, so an answer appears without its question. fork_session() gives
#   all lines new uuids but leaves the old ones in compactMetadata, so the program finds no such line: the first request of
#   the fork goes to the model without that prompt. forkSession() in TypeScript keeps it.
# - A prompt typed while the agent works is an attachment line (queued_command). get_session_messages() leaves it out; in
#   TypeScript it is a message of the user.
#
# Why it matters: a service that shows, stores or forks sessions through the Python SDK loses user messages without an error,
# and a fork continues another conversation than its source.
#
# The first session is made by the program, against a model server on the loopback whose first answer reports 990,000 input
# tokens, so that the second prompt is compacted first. The second one is written here.
#
# Seen:
#   compacted, typescript: SUMMARY | What is last on it? | Answer 4. | And first? | Answer 5.
#   compacted, python:     SUMMARY | Answer 4. | And first? | Answer 5.
#   sent by the fork made in typescript: has the prompt
#   sent by the fork made in python:     lacks the prompt
#   queued, typescript: Count. | One. | Count louder. | TWO.
#   queued, python:     Count. | One. | TWO.
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir home shop cli sdk
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
npm install --silent --no-audit --no-fund --omit=optional --prefix sdk @anthropic-ai/claude-agent-sdk@0.3.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check claude-agent-sdk==0.2.189

cat >model.py <<'EOF'
import http.server, json, sys


class Model(http.server.BaseHTTPRequestHandler):
    requests = []

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        self.requests.append(body)
        number = len(self.requests)
        with open("requests.jsonl", "a") as file:
            file.write(json.dumps(body) + "\n")
        usage = {"input_tokens": 990000 if number == 1 else 10, "output_tokens": 5}
        message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": usage}
        events = [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": f"Answer {number}."}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("request-id", f"req_{number}")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
with open("port", "w") as file:
    file.write(str(server.server_address[1]))
server.serve_forever()
EOF
python3 model.py & server=$!
for _ in $(seq 50); do [ -s port ] && break; sleep 0.1; done

clean() { env -i PATH="$PATH" HOME="$work/home" CLAUDE_CONFIG_DIR="$work/home/config" "$@"; }
claude() {
  (cd shop && clean ANTHROPIC_API_KEY=dummy ANTHROPIC_BASE_URL="http://127.0.0.1:$(cat ../port)" DISABLE_AUTOUPDATER=1 \
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 timeout 60 ../cli/node_modules/.bin/claude "$@" </dev/null >/dev/null)
}
claude -p "Read the long list."
id=$(basename home/config/projects/*/*.jsonl .jsonl)
claude -p "What is last on it?" --resume "$id"
claude -p "And first?" --resume "$id"

cat >sdk/read.mjs <<'EOF'
import { forkSession, getSessionMessages } from '@anthropic-ai/claude-agent-sdk'
const [action, id] = process.argv.slice(2)
const text = (c) => (typeof c === 'string' ? c : c.map((b) => b.text).join(''))
const short = (t) => (t.startsWith('This session is being continued') ? 'SUMMARY' : t)
if (action === 'fork') console.log((await forkSession(id)).sessionId)
else console.log((await getSessionMessages(id)).map((m) => short(text(m.message.content))).join(' | '))
EOF
cat >read.py <<'EOF'
import sys
from claude_agent_sdk import fork_session, get_session_messages

action, session = sys.argv[1:]
if action == "fork":
    print(fork_session(session).session_id)
else:
    texts = []
    for message in get_session_messages(session):
        content = message.message["content"]
        text = content if isinstance(content, str) else "".join(block["text"] for block in content)
        texts.append("SUMMARY" if text.startswith("This session is being continued") else text)
    print(" | ".join(texts))
EOF
typescript=$(cd sdk && clean node read.mjs messages "$id")
python=$(clean py/bin/python read.py messages "$id")
echo "compacted, typescript: $typescript"
echo "compacted, python:     $python"

sent() {
  : >requests.jsonl
  claude -p "Go on." --resume "$1"
  if grep -q "What is last on it?" requests.jsonl; then echo "has the prompt"; else echo "lacks the prompt"; fi
}
by_typescript=$(sent "$(cd sdk && clean node read.mjs fork "$id")")
by_python=$(sent "$(clean py/bin/python read.py fork "$id")")
echo "sent by the fork made in typescript: $by_typescript"
echo "sent by the fork made in python:     $by_python"

cat >queued.py <<'EOF'
import json, sys

parent = None
for number, (kind, text) in enumerate([("user", "Count."), ("assistant", "One."), ("attachment", "Count louder."), ("assistant", "TWO.")]):
    content = [{"type": "text", "text": text}]
    line = {"parentUuid": parent, "isSidechain": False, "type": kind}
    line["uuid"] = parent = f"00000000-0000-4000-8000-00000000000{number}"
    line |= {"timestamp": f"2026-11-28T06:00:0{number}.000Z", "cwd": "/w", "sessionId": sys.argv[1], "version": "2.1.332"}
    if kind == "attachment":
        line["attachment"] = {"type": "queued_command", "prompt": content, "commandMode": "prompt"}
    else:
        line["message"] = {"role": kind, "content": content}
    if kind == "assistant":
        line["message"] |= {"id": f"msg_{number}", "type": "message", "model": "claude-opus-5-5"}
    print(json.dumps(line, separators=(",", ":")))
EOF
queued=11111111-1111-4111-8111-111111111111
mkdir home/config/projects/-w
python3 queued.py "$queued" >"home/config/projects/-w/$queued.jsonl"
queued_typescript=$(cd sdk && clean node read.mjs messages "$queued")
queued_python=$(clean py/bin/python read.py messages "$queued")
echo "queued, typescript: $queued_typescript"
echo "queued, python:     $queued_python"

[ "$typescript" = "SUMMARY | What is last on it? | Answer 4. | And first? | Answer 5." ]
[ "$python" = "SUMMARY | Answer 4. | And first? | Answer 5." ]
[ "$by_typescript" = "has the prompt" ]
[ "$by_python" = "lacks the prompt" ]
[ "$queued_typescript" = "Count. | One. | Count louder. | TWO." ]
[ "$queued_python" = "Count. | One. | TWO." ]
