#!/usr/bin/env bash
# PyPI agent-session-bridge 0.5.0 (command session-bridge), with npm @anthropic-ai/claude-code 2.1.332.
#
# `session-bridge convert --place-claude-cwd DIR` writes a converted session into the folder of ~/.claude/projects that
# belongs to DIR, so that `claude --resume` finds it, and prints that command. It names the folder by replacing slashes with
# dashes. Claude Code replaces every character that is not an ASCII letter or digit: dots, underscores, blanks, accents. In
# a directory with any of them the printed command ends with "No conversation found"; the converter says that it has
# placed a resumable session, and that the conversion is lossless.
#
# Why it matters: version numbers, snake_case and worktrees (".claude/worktrees/x") are common in names of directories. The
# rule holds for everybody who writes or looks for sessions of Claude Code by directory.
#
# Seen:
#   converter: placed resumable session
#   folder: tea_shop.v2
#   the printed command: No conversation found with session ID
#   the same file in tea-shop-v2: the model is asked
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir -p home/.claude/projects shop/tea_shop.v2 cli
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check agent-session-bridge==0.5.0
cat >model.py <<'EOF'
import http.server


class Model(http.server.BaseHTTPRequestHandler):
    """Answers that it was asked."""

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"type":"error","error":{"type":"invalid_request_error","message":"the model is asked"}}'
        self.send_response(400)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
with open("port", "w") as file:
    file.write(str(server.server_port))
server.serve_forever()
EOF
cat >source.py <<'EOF'
import json

base = {"sessionId": "5e551000-0000-4000-8000-00000000000e", "cwd": "/w", "version": "2.1.332", "isSidechain": False}
usage = {"input_tokens": 1, "output_tokens": 1}
answer = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "usage": usage}
answer["content"] = [{"type": "text", "text": "Mint."}]
times = [{"timestamp": f"2026-11-28T10:00:0{number}.000Z"} for number in range(2)]
print(json.dumps({**base, **times[0], "type": "user", "uuid": "u1", "parentUuid": None, "message": {"role": "user", "content": "Name a tea."}}))
print(json.dumps({**base, **times[1], "type": "assistant", "uuid": "a1", "parentUuid": "u1", "message": answer}))
EOF
py/bin/python source.py >source.jsonl
py/bin/python model.py &
server=$!
for _ in $(seq 100); do [ -s port ] && break || sleep 0.1; done
home=$work/home
shop=$(cd shop/tea_shop.v2 && pwd -P)
env -i PATH="$PATH" HOME="$home" LANG=C.UTF-8 py/bin/session-bridge convert --no-handshake --from claude-code --to claude-code \
  source.jsonl -o out.jsonl --place-claude-cwd "$shop" >converted 2>&1
id=$(grep -o 'claude --resume [0-9a-f-]*' converted | cut -d' ' -f3)
resume() {
  (cd "$shop" && env -i PATH="$PATH" HOME="$home" LANG=C.UTF-8 IS_SANDBOX=1 ANTHROPIC_API_KEY=dummy DISABLE_AUTOUPDATER=1 \
    ANTHROPIC_BASE_URL="http://127.0.0.1:$(cat "$work/port")" CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 \
    "$work/cli/node_modules/.bin/claude" --print --resume "$id" "And another?" </dev/null 2>&1 || true)
}
{
  echo "converter: $(grep -o 'placed resumable session' converted)"
  folder=$(ls home/.claude/projects)
  echo "folder: ${folder##*-}"
  echo "the printed command: $(resume | grep -o 'No conversation found with session ID')"
  mv "home/.claude/projects/$folder" "home/.claude/projects/$(printf %s "$shop" | tr -c 'A-Za-z0-9' -)"
  echo "the same file in tea-shop-v2: $(resume | grep -o 'the model is asked')"
} | tee report
cat >expected <<'EOF'
converter: placed resumable session
folder: tea_shop.v2
the printed command: No conversation found with session ID
the same file in tea-shop-v2: the model is asked
EOF
cmp report expected
