#!/usr/bin/env bash
# npm @zed-industries/codex-acp 0.16.0 (the newest of this name, not deprecated; the project goes on as
# @agentclientprotocol/codex-acp), which has a Codex of its own inside, beside npm @openai/codex 0.171.0.
#
# codex-acp opens sessions of Codex 0.171 without an error, though it knows their form in part only:
# - `session/load` replays none of the words of the user and of the agent: the editor shows an empty conversation;
# - a fork is gone on with without the turns that it builds on: the model is sent the fork's own turns only;
# - one prompt through codex-acp adds lines without the ordinals of the newer form. After that Codex itself refuses the
#   session: "final paginated rollout record … is missing an ordinal". No `codex exec resume`, no picker opens it again.
#
# Why it matters: one look at yesterday's session from the editor, with one question, and the terminal cannot go on with it;
# nothing said so before. The lines themselves are whole: a keeper of sessions must read a rollout whose later lines have
# no ordinals, and must not take those for a part of an earlier fork.
#
# Seen:
#   codex sends for the session: pears plums
#   codex sends for the fork:    pears plums figs
#   codex-acp lists 0 sessions
#   codex-acp replays 0 messages of 4, and sends: pears plums grapes
#   codex-acp replays 0 messages of the fork, and sends: figs grapes
#   codex resumes the session: 1, final paginated rollout record is missing an ordinal
#   codex resumes the fork:    1, final paginated rollout record is missing an ordinal
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli acp home/.codex shop
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 >/dev/null
npm install --silent --no-audit --no-fund --prefix acp @zed-industries/codex-acp@0.16.0 >/dev/null
cat >run.py <<'EOF'
import glob, http.server, json, os, re, subprocess, sys, threading

work = os.getcwd()
requests = []
PROMPTS = ("pears", "plums", "figs", "grapes", "limes")


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
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "LOCAL_KEY": "dummy", "OPENAI_API_KEY": "dummy"}
common = {"env": environment, "cwd": work + "/shop", "text": True}
codex = ["timeout", "60", work + "/cli/node_modules/.bin/codex", "exec"]


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([*codex, *arguments], stdin=subprocess.DEVNULL, capture_output=True, **common)


def sent() -> str:
    """The prompts in the newest request."""
    items = [item for item in requests[-1]["input"] if item.get("role") == "user"]
    texts = [part.get("text") for item in items for part in item["content"]]
    return " ".join(prompt for prompt in PROMPTS if prompt in texts)


def threads() -> list:
    files = sorted(glob.glob("home/.codex/sessions/*/*/*/*.jsonl"), key=os.path.getmtime)
    return [file[-42:-6] for file in files]


run("--skip-git-repo-check", "pears")
[thread] = threads()
run("resume", "--skip-git-repo-check", thread, "plums")
print("codex sends for the session:", sent())
run("fork", "--skip-git-repo-check", thread, "figs")
[fork] = set(threads()) - {thread}
print("codex sends for the fork:   ", sent())

acp = ["timeout", "100", work + "/acp/node_modules/.bin/codex-acp"]
editor = subprocess.Popen(acp, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **common)
number = 0
replayed = []


def call(method: str, params: dict) -> dict:
    global number
    number += 1
    editor.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
    editor.stdin.flush()
    for line in editor.stdout:
        message = json.loads(line)
        update = message.get("params", {}).get("update", {}).get("sessionUpdate")
        if update in ("user_message_chunk", "agent_message_chunk"):
            replayed.append(update)
        if message.get("id") == number and "method" not in message:
            return message
    sys.exit("codex-acp ended")


def go_on(session: str) -> tuple:
    replayed.clear()
    place = {"cwd": work + "/shop", "mcpServers": []}
    assert "result" in call("session/load", {"sessionId": session, **place})
    # All notices of the load have come before this answer.
    call("no/such", {})
    count = len(replayed)
    answer = call("session/prompt", {"sessionId": session, "prompt": [{"type": "text", "text": "grapes"}]})
    assert answer["result"]["stopReason"] == "end_turn", answer
    return count, sent()


call("initialize", {"protocolVersion": 1, "clientCapabilities": {}})
print("codex-acp lists", len(call("session/list", {"cwd": work + "/shop"})["result"]["sessions"]), "sessions")
print("codex-acp replays %d messages of 4, and sends: %s" % go_on(thread))
print("codex-acp replays %d messages of the fork, and sends: %s" % go_on(fork))
editor.terminate()
editor.wait()
for name, one in (("the session:", thread), ("the fork:   ", fork)):
    again = run("resume", "--skip-git-repo-check", one, "limes")
    words = re.search(r"final paginated rollout record|missing an ordinal", again.stderr)
    reason = re.sub(r" at \S+", "", again.stderr[words.start() :].splitlines()[0]) if words else again.stderr[-300:]
    print(f"codex resumes {name} {again.returncode}, {re.sub(r' [(]code.*', '', reason)}")
EOF
python3 run.py | tee report
cat >expected <<'EOF'
codex sends for the session: pears plums
codex sends for the fork:    pears plums figs
codex-acp lists 0 sessions
codex-acp replays 0 messages of 4, and sends: pears plums grapes
codex-acp replays 0 messages of the fork, and sends: figs grapes
codex resumes the session: 1, final paginated rollout record is missing an ordinal
codex resumes the fork:    1, final paginated rollout record is missing an ordinal
EOF
cmp report expected
