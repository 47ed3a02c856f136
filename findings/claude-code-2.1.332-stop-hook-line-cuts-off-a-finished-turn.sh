#!/usr/bin/env bash
# npm @anthropic-ai/claude-code 2.1.332, read by npm @anthropic-ai/claude-agent-sdk 0.3.332 and PyPI claude-agent-sdk 0.2.189.
#
# A Stop hook runs after the answer is written. When it ends, the process appends a system line (stop_hook_summary) whose
# parent is the last line that this process knows, and a last-prompt line whose leafUuid names that system line. If another
# process has resumed the session meanwhile and finished a whole turn, that turn is now a dead branch: its prompt and its
# answer are in the file, but the next resume follows leafUuid to the hook's line and sends neither of them. No two
# prompts were open at the same time: a line of bookkeeping wins over a conversation. The two SDKs then differ: the
# TypeScript one follows leafUuid as the program does, the Python one takes the last user or assistant line and shows the
# turn that the program has forgotten.
#
# Why it matters: hooks that upload, index or commit after each answer take seconds. A service that resumes sessions while
# such a hook runs loses its turn. A reader must follow leafUuid to show what a resume will send, and must keep the other
# branches, since they hold answered prompts.
#
# Seen:
#   the file holds:       first | Answer 1. | second | Answer 2. | third | Answer 3.
#   typescript SDK reads: first | Answer 1. | second | Answer 2.
#   python SDK reads:     first | Answer 1. | second | Answer 2. | third | Answer 3.
#   the next resume sends "third": no
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
import http.server, json


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
        usage = {"input_tokens": 10, "output_tokens": 5}
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
claude -p first
file=$(echo home/config/projects/*/*.jsonl)
id=$(basename "$file" .jsonl)
# The hook ends when the other process is done (or after 30 seconds).
hook="for _ in \$(seq 300); do [ -e '$work/done' ] && break; sleep 0.1; done"
settings=$(printf '{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"%s"}]}]}}' "$hook")
claude -p second --resume "$id" --settings "$settings" & first=$!
for _ in $(seq 300); do grep -q "Answer 2\." "$file" && break; sleep 0.1; done
claude -p third --resume "$id"
touch done
wait "$first"

cat >lines.py <<'EOF'
import json
import sys

texts = []
for line in open(sys.argv[1]):
    row = json.loads(line)
    if row["type"] in ("user", "assistant"):
        content = row["message"]["content"]
        texts.append(content if isinstance(content, str) else content[0]["text"])
print(" | ".join(texts))
EOF
cat >sdk/read.mjs <<'EOF'
import { getSessionMessages } from '@anthropic-ai/claude-agent-sdk'
const text = (c) => (typeof c === 'string' ? c : c[0].text)
console.log((await getSessionMessages(process.argv[2])).map((m) => text(m.message.content)).join(' | '))
EOF
cat >read.py <<'EOF'
import sys
from claude_agent_sdk import get_session_messages

contents = [message.message["content"] for message in get_session_messages(sys.argv[1])]
print(" | ".join(content if isinstance(content, str) else content[0]["text"] for content in contents))
EOF
holds=$(python3 lines.py "$file")
typescript=$(clean node sdk/read.mjs "$id")
python=$(clean py/bin/python read.py "$id")
: >requests.jsonl
claude -p fourth --resume "$id"
sent=$(grep -q '"third"' requests.jsonl && echo yes || echo no)
echo "the file holds:       $holds"
echo "typescript SDK reads: $typescript"
echo "python SDK reads:     $python"
echo "the next resume sends \"third\": $sent"
whole="first | Answer 1. | second | Answer 2. | third | Answer 3."
[ "$holds" = "$whole" ]
[ "$typescript" = "first | Answer 1. | second | Answer 2." ]
[ "$python" = "$whole" ]
[ "$sent" = no ]
grep -q '"second"' requests.jsonl
