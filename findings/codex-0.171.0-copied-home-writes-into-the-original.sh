#!/usr/bin/env bash
# npm @openai/codex 0.171.0.
#
# state_5.sqlite holds the absolute path of each thread's rollout. A copy of a CODEX_HOME (a backup put back beside the
# original, a second account, a folder that some tool works on so as not to touch the real one) brings these paths along, and
# they win over the files in the copy: `codex exec resume` with CODEX_HOME set to the copy reads the rollout of the ORIGINAL
# home and appends the new turn there. The copy's own rollout stays as it was, the original grows by turns that were never
# run in it. Without the database the copy's own file is used.
# (With the original gone, the stale path makes the resume fail: reported as openai/codex issue 47002. This is the quieter
# half of it.)
#
# Why it matters: a person who tries out a resume, an import or a repair on a copy changes the sessions that the copy was meant
# to protect. Copy the folder without the state_*.sqlite files: Codex makes them anew from the rollouts.
#
# Seen:
#   resumed in a copy with its database: original grew yes, copy grew no
#   resumed in a copy without it:        original grew no, copy grew yes
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop original
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 >/dev/null
cat >model.py <<'EOF'
import http.server, json


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
        item["content"] = [{"type": "output_text", "text": "Answer.", "annotations": []}]
        usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in [
            {"type": "response.created", "response": {"id": "resp_1"}},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": {"id": "resp_1", "output": [item], "usage": usage}},
        ]:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
with open("port", "w") as file:
    file.write(str(server.server_address[1]))
server.serve_forever()
EOF
python3 model.py & server=$!
for _ in $(seq 50); do [ -s port ] && break; sleep 0.1; done
cat >original/config.toml <<EOF
model = "gpt-5.5"
model_provider = "local"
[model_providers.local]
name = "local"
base_url = "http://127.0.0.1:$(cat port)/v1"
wire_api = "responses"
env_key = "LOCAL_KEY"
EOF
codex() { # HOME ARGUMENTS...
  (cd shop && env -i PATH="$PATH" HOME="$work/home" CODEX_HOME="$work/$1" LOCAL_KEY=dummy timeout 60 \
    ../cli/node_modules/.bin/codex exec "${@:2}" </dev/null >/dev/null 2>&1)
}
holds() { if grep -rqF "$2" "$1/sessions"; then echo yes; else echo no; fi; }

codex original --skip-git-repo-check "first prompt"
id=$(basename original/sessions/*/*/*/*.jsonl .jsonl | grep -oE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
cp -r original with
cp -r original without
rm without/state_*.sqlite*
codex with resume --skip-git-repo-check "$id" "prompt in the copy"
codex without resume --skip-git-repo-check "$id" "prompt without database"
{
  echo "resumed in a copy with its database: original grew $(holds original 'prompt in the copy'), copy grew $(holds with 'prompt in the copy')"
  echo "resumed in a copy without it:        original grew $(holds original 'prompt without database'), copy grew $(holds without 'prompt without database')"
} | tee report
cat >expected <<'EOF'
resumed in a copy with its database: original grew yes, copy grew no
resumed in a copy without it:        original grew no, copy grew yes
EOF
cmp report expected
