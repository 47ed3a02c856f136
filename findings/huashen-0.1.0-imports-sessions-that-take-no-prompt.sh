#!/usr/bin/env bash
# PyPI huashen 0.1.0, with npm opencode-ai 1.18.33.
#
# huashen carries sessions of OpenCode to another machine, as rows of its database. It copies the table `event` and not
# `event_sequence`, which has the number of the last event of each session. On the new machine the session is listed and can
# be read, but each prompt is refused: OpenCode counts its events from the beginning, and the numbers are taken. `opencode
# run` says "Unexpected server error". The import reports success. Nothing is wrong with sessions that were there before.
# `huashen export --session ID` also leaves the session's subagents behind, although the answers of the session name them.
#
# Why it matters: whoever moves to a new machine notices only when it is to go on there, and may have deleted the old one. A
# row for each session in `event_sequence`, with the highest `seq` of its events, mends it. OpenCode's own `export` and
# `import` carry sessions that can be continued.
#
# All sessions are made by the program itself, against a model server on the loopback.
#
# Seen:
#   import: status 0; sessions: 3; opencode lists the session: True
#   prompt to the session that was here: sent pears grapes
#   prompt to the imported session: status 1, Unexpected server error
#   with a row in event_sequence: sent plums figs
#   exported alone, the session has 0 of 1 subagents
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli shop old/.config/opencode new/.config/opencode other/.config/opencode
npm install --silent --no-audit --no-fund --prefix cli opencode-ai@1.18.33 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check huashen==0.1.0
cat >run.py <<'EOF'
import http.server, json, os, sqlite3, subprocess, threading

work = os.path.realpath(os.getcwd())
requests = []
FRUITS = ("pears", "plums", "figs", "grapes")
task = {"description": "Count", "prompt": "Count them.", "subagent_type": "general"}


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        requests.append(body)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "mock"}
        usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
        # The first answer to the prompt about plums asks a subagent.
        asked = json.dumps(body["messages"])
        call = "plums" in asked and "call_1" not in asked and body.get("tools")
        function = {"name": "task", "arguments": json.dumps(task)}
        calls = {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]}
        delta = {"role": "assistant", **(calls if call else {"content": "Answer."})}
        for part, reason in ((delta, None), ({}, "tool_calls" if call else "stop")):
            event = {**chunk, "choices": [{"index": 0, "delta": part, "finish_reason": reason}], "usage": usage}
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
provider = {"npm": "@ai-sdk/openai-compatible", "name": "mock"}
provider["options"] = {"baseURL": f"http://127.0.0.1:{model.server_address[1]}/v1", "apiKey": "dummy"}
provider["models"] = {"mock": {"name": "mock", "tool_call": True}}
settings = {"model": "mock/mock", "small_model": "mock/mock", "autoupdate": False, "permission": "allow"}
for home in ("old", "new", "other"):
    with open(f"{home}/.config/opencode/opencode.json", "w") as file:
        json.dump({**settings, "provider": {"mock": provider}}, file)


def run(home: str, *command: str) -> subprocess.CompletedProcess:
    environment = {"PATH": os.environ["PATH"], "HOME": f"{work}/{home}", "OPENCODE_DISABLE_MODELS_FETCH": "1", "NO_COLOR": "1"}
    common = {"env": environment, "cwd": f"{work}/shop", "stdin": subprocess.DEVNULL}
    return subprocess.run(["timeout", "120", f"{work}/{command[0]}", *command[1:]], capture_output=True, text=True, **common)


def prompt(home: str, words: str, session: str = "") -> str:
    """Run a turn, and tell which fruits the model was sent, or the error."""
    options = ["--session", session] if session else []
    del requests[:]
    done = run(home, "cli/node_modules/.bin/opencode", "run", "--title", words, *options, words)
    if done.returncode:
        return f"status {done.returncode}, " + ("Unexpected server error" if "Unexpected server" in done.stderr else done.stderr)
    sent = json.dumps([message for message in requests[-1]["messages"] if message["role"] != "system"])
    return "sent " + " ".join(fruit for fruit in FRUITS if fruit in sent)


def database(home: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{work}/{home}/.local/share/opencode/opencode.db")


def sessions(home: str) -> list[str]:
    """The ids of all sessions, those of subagents last."""
    return [row[0] for row in database(home).execute("SELECT id FROM session ORDER BY parent_id IS NOT NULL")]


prompt("old", "plums")
[session, subagent] = sessions("old")
prompt("new", "pears")
[here] = sessions("new")
for name, options in (("all", ()), ("one", ("--session", session))):
    done = run("old", "py/bin/huashen", "export", "-o", f"{work}/{name}.hsb", "--no-config", *options)
    assert done.returncode == 0, done.stderr
done = run("new", "py/bin/huashen", "import", f"{work}/all.hsb", "--only", "sessions")
listed = run("new", "cli/node_modules/.bin/opencode", "session", "list").stdout
print(f"import: status {done.returncode}; sessions: {len(sessions('new'))}; opencode lists the session: {session in listed}")
print("prompt to the session that was here:", prompt("new", "grapes", here))
print("prompt to the imported session:", prompt("new", "figs", session))
with database("new") as rows:
    last = "SELECT aggregate_id, max(seq) FROM event GROUP BY 1"
    rows.execute(f"INSERT INTO event_sequence (aggregate_id, seq) {last} ON CONFLICT DO NOTHING")
print("with a row in event_sequence:", prompt("new", "figs", session))
prompt("other", "pears")
run("other", "py/bin/huashen", "import", f"{work}/one.hsb", "--only", "sessions")
print(f"exported alone, the session has {sessions('other').count(subagent)} of 1 subagents")
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
import: status 0; sessions: 3; opencode lists the session: True
prompt to the session that was here: sent pears grapes
prompt to the imported session: status 1, Unexpected server error
with a row in event_sequence: sent plums figs
exported alone, the session has 0 of 1 subagents
EOF
cmp report expected
