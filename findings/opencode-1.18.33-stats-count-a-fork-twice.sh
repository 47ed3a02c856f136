#!/usr/bin/env bash
# npm opencode-ai 1.18.33.
#
# A fork copies the messages of the session with their tokens and costs, and keeps their times. `opencode stats` adds up the
# messages of all sessions: each reply that was paid once counts again in every fork, and in every fork of a fork. The costs
# and tokens of the sessions themselves (rows of the database, /session) have the copies in them, too.
#
# Why it matters: forks are how one tries things; the numbers to be compared with the provider's bill grow with each of them.
# A fork does not name its source: only the times of its messages, older than the fork, tell copies from replies.
#
# Seen (each request costs 1 dollar and is of a million tokens):
#   2 requests:                            stats $2.00, 2.0M tokens of input; sessions $2
#   a fork, 1 more request:                stats $5.00, 5.0M tokens of input; sessions $5
#   a fork of the fork, 1 more request:    stats $9.00, 9.0M tokens of input; sessions $9
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.config/opencode shop
npm install --silent --no-audit --no-fund --prefix cli opencode-ai@1.18.33 >/dev/null
cat >run.py <<'EOF'
import glob, http.server, json, os, re, sqlite3, subprocess, threading

work = os.getcwd()
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "mock"}
        usage = {"prompt_tokens": 1_000_000, "completion_tokens": 1, "total_tokens": 1_000_001}
        for delta, reason in [({"role": "assistant", "content": "Answer."}, None), ({}, "stop")]:
            part = {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], "usage": usage}
            self.wfile.write(f"data: {json.dumps(part)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
options = {"baseURL": f"http://127.0.0.1:{model.server_address[1]}/v1", "apiKey": "dummy"}
priced = {"name": "mock", "cost": {"input": 1, "output": 0}, "limit": {"context": 1_000_000_000, "output": 1000}}
provider = {"npm": "@ai-sdk/openai-compatible", "name": "mock", "options": options, "models": {"mock": priced}}
with open("home/.config/opencode/opencode.json", "w") as file:
    json.dump({"provider": {"mock": provider}, "model": "mock/mock", "small_model": "mock/mock", "autoupdate": False}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "OPENCODE_DISABLE_MODELS_FETCH": "1", "NO_COLOR": "1"}
command = ["timeout", "120", work + "/cli/node_modules/.bin/opencode"]
common = {"env": environment, "cwd": work + "/shop", "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL, "text": True}


def prompt(*arguments: str) -> str:
    """Run one prompt, and give the id of the newest session. With a title, no model is asked for one."""
    subprocess.run([*command, "run", "--title", "t", *arguments], check=True, stdout=subprocess.DEVNULL, **common)
    return rows("SELECT id FROM session ORDER BY time_created DESC")[0][0]


def rows(statement: str) -> list:
    return sqlite3.connect("home/.local/share/opencode/opencode.db").execute(statement).fetchall()


def tell(what: str) -> None:
    stats = subprocess.run([*command, "stats"], check=True, stdout=subprocess.PIPE, **common).stdout
    cost, tokens = re.search(r"Total Cost +(\S+)", stats)[1], re.search(r"Input +(\S+)", stats)[1]
    [[paid]] = rows("SELECT sum(cost) FROM session")
    print(f"{what:<38} stats {cost}, {tokens} tokens of input; sessions ${paid:g}")


session = prompt("pears")
prompt("--session", session, "plums")
tell("2 requests:")
fork = prompt("--session", session, "--fork", "figs")
assert fork != session
tell("a fork, 1 more request:")
assert prompt("--session", fork, "--fork", "grapes") not in (session, fork)
tell("a fork of the fork, 1 more request:")
assert len(requests) == 4, len(requests)
EOF
python3 run.py | tee report
cat >expected <<'EOF'
2 requests:                            stats $2.00, 2.0M tokens of input; sessions $2
a fork, 1 more request:                stats $5.00, 5.0M tokens of input; sessions $5
a fork of the fork, 1 more request:    stats $9.00, 9.0M tokens of input; sessions $9
EOF
cmp report expected
