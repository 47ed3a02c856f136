#!/usr/bin/env bash
# PyPI agentsview 0.46.1, reading sessions of npm @openai/codex 0.171.0.
#
# Codex 0.171 writes a fork, and what follows a revert, as a file that holds none of the earlier lines: its session_meta has
# a history_base that names another file and the ordinal at which that one ends. agentsview reads each file by itself:
# - a fork is a session of its own turns only, without a parent, though session_meta says forked_from_id. The turns before
#   the fork are not shown, not searchable in it, and cannot be reached from it;
# - a revert gives two sessions. The older one still shows the turn that was taken back, with nothing to tell it from the
#   others, and the newer one ("continuation") begins in the middle. No session has the text that Codex sends to its model.
#
# Why it matters: message counts, exports and search results of a keeper of sessions are wrong for every forked or reverted
# Codex session. A reader has to follow history_base: lines of the base with an ordinal below end_ordinal_exclusive, then
# those of the file.
#
# The sessions are made by Codex itself, against a model server on the loopback.
#
# Seen:
#   fork: codex sends first second figs; agentsview has figs, parent: none
#   reverted: codex sends first second plums
#   reverted: agentsview has 2 sessions: first second third | plums
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.codex shop
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check agentsview==0.46.1
cat >run.py <<'EOF'
import glob, http.server, json, os, sqlite3, subprocess, sys, threading

work = os.getcwd()
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        number = len(requests)
        item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed"}
        item["content"] = [{"type": "output_text", "text": f"Answer {number}.", "annotations": []}]
        usage = {"input_tokens": 100 + 10 * number, "output_tokens": 5, "total_tokens": 105 + 10 * number}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        events = [
            {"type": "response.created", "response": {"id": f"resp_{number}"}},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": {"id": f"resp_{number}", "output": [item], "usage": usage}},
        ]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
with open("home/.codex/config.toml", "w") as file:
    file.write(f"""model = "gpt-5.5"
model_provider = "local"
[model_providers.local]
name = "local"
base_url = "http://127.0.0.1:{model.server_address[1]}/v1"
wire_api = "responses"
env_key = "LOCAL_KEY"
""")
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "LOCAL_KEY": "dummy"}
codex = ["timeout", "60", work + "/cli/node_modules/.bin/codex"]
common = {"env": environment, "cwd": work + "/shop", "stderr": subprocess.DEVNULL, "text": True}
prompts = ("first", "second", "third", "figs", "plums")


def words(texts: list) -> str:
    return " ".join(prompt for prompt in prompts if prompt in texts)


def run(*arguments: str) -> str:
    """Run one turn, and give which prompts the model was sent."""
    subprocess.run([*codex, "exec", *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **common)
    items = [item for item in requests[-1]["input"] if item.get("role") == "user"]
    return words([part.get("text") for item in items for part in item["content"]])


def files() -> set:
    return set(glob.glob(work + "/home/.codex/sessions/*/*/*/*.jsonl"))


def revert(thread: str) -> None:
    server = subprocess.Popen([*codex, "app-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **common)

    def call(number: int, method: str, params: dict) -> dict:
        server.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
        server.stdin.flush()
        for line in server.stdout:
            if (message := json.loads(line)).get("id") == number and "method" not in message:
                return message.get("result") or sys.exit(str(message))
        sys.exit("the server ended")

    call(1, "initialize", {"clientInfo": {"name": "find", "version": "1"}, "capabilities": {"experimentalApi": True}})
    call(2, "thread/resume", {"threadId": thread})
    turns = call(3, "thread/turns/list", {"threadId": thread})["data"]
    call(4, "thread/revert", {"threadId": thread, "beforeTurnId": max(turn["id"] for turn in turns)})
    server.terminate()
    server.wait()


run("--skip-git-repo-check", "first")
[source] = files()
thread = source[-42:-6]
run("resume", "--skip-git-repo-check", thread, "second")
run("resume", "--skip-git-repo-check", thread, "third")
revert(thread)
reverted = run("resume", "--skip-git-repo-check", thread, "plums")
before = files()
run("--skip-git-repo-check", "first")
[source] = files() - before
fork_of = source[-42:-6]
run("resume", "--skip-git-repo-check", fork_of, "second")
before = files()
forked = run("fork", "--skip-git-repo-check", fork_of, "figs")
[fork_file] = files() - before
fork = fork_file[-42:-6]

viewer = {**environment, "AGENTSVIEW_NO_DAEMON": "1"}
view = [work + "/py/bin/agentsview"]
subprocess.run([*view, "sync"], check=True, env=viewer, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
database = work + "/home/.agentsview/sessions.db"
rows = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
shown = {}
for session, text in rows.execute("SELECT session_id, content FROM messages WHERE role = 'user' ORDER BY session_id, ordinal"):
    shown.setdefault(session.removeprefix("codex:"), []).append(text)
parent = rows.execute("SELECT parent_session_id FROM sessions WHERE id = ?", ("codex:" + fork,)).fetchone()[0]
print(f"fork: codex sends {forked}; agentsview has {words(shown[fork])}, parent: {parent or 'none'}")
print(f"reverted: codex sends {reverted}")
parts = sorted(session for session in shown if session.startswith(thread))
print(f"reverted: agentsview has {len(parts)} sessions: " + " | ".join(words(shown[part]) for part in parts))
EOF
python3 run.py | tee report
cat >expected <<'EOF'
fork: codex sends first second figs; agentsview has figs, parent: none
reverted: codex sends first second plums
reverted: agentsview has 2 sessions: first second third | plums
EOF
cmp report expected
