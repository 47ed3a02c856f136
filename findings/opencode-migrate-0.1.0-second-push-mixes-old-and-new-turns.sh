#!/usr/bin/env bash
# PyPI opencode-migrate 0.1.0, moving sessions of npm opencode-ai 1.18.33 between two databases.
#
# `opencode-migrate export` and `import` (which `push` and `pull` run on two machines) carry "full session state". But
# - the sessions of subagents, whose parent_id names the session, are not exported. The call in the conversation names a
#   session that is not there: what the agent was asked, read and did is lost, and the report says "Imported";
# - an import into a database that has the session updates the session's row, adds the messages and parts that are new, and
#   deletes nothing. The prompt after an undo deletes the undone messages in OpenCode and clears the mark in the row. After the
#   next import the undone turns stand there without the mark, as valid ones, beside those that replaced them, and the model is
#   sent both.
#
# Why it matters: pushing again is how two machines are kept alike, and the second machine continues a conversation that the
# first one never had. Delete the session on the target before the import, and export each child by its own id.
#
# Seen:
#   subagents: source 1, target 0; the call names a session that is there: source True, target False
#   sent by the next prompt, source: tea cocoa water
#   sent by the next prompt, target: tea coffee cocoa water
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli source/.config/opencode target/.config/opencode shop
npm install --silent --no-audit --no-fund --prefix cli opencode-ai@1.18.33 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check opencode-migrate==0.1.0
cat >run.py <<'EOF'
import http.server, json, os, re, sqlite3, subprocess, threading, urllib.request

work = os.path.realpath(os.getcwd())
prompts = ("tea", "coffee", "cocoa", "water")
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
        usage = {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11}
        answer, reason = {"role": "assistant", "content": "Served."}, "stop"
        if len(requests) == 1:
            arguments = json.dumps({"description": "Look", "prompt": "Look for sugar.", "subagent_type": "general"})
            call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "task", "arguments": arguments}}
            answer, reason = {"role": "assistant", "tool_calls": [call]}, "tool_calls"
        for delta, ended in [(answer, None), ({}, reason)]:
            part = {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": ended}], "usage": usage}
            self.wfile.write(f"data: {json.dumps(part)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
options = {"baseURL": f"http://127.0.0.1:{model.server_address[1]}/v1", "apiKey": "dummy"}
provider = {"npm": "@ai-sdk/openai-compatible", "name": "mock", "options": options, "models": {"mock": {"name": "mock"}}}
settings = {"provider": {"mock": provider}, "model": "mock/mock", "small_model": "mock/mock", "autoupdate": False}
for home in ("source", "target"):
    with open(f"{home}/.config/opencode/opencode.json", "w") as file:
        json.dump(settings, file)
opencode = ["timeout", "120", work + "/cli/node_modules/.bin/opencode"]


def common(home: str) -> dict:
    environment = {"PATH": os.environ["PATH"], "HOME": f"{work}/{home}", "OPENCODE_DISABLE_MODELS_FETCH": "1", "NO_COLOR": "1"}
    return {"env": environment, "cwd": work + "/shop", "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}


def run(home: str, *command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **common(home))


def prompt(home: str, *arguments: str) -> str:
    """Run one prompt, and give the prompts that the model was sent."""
    run(home, *opencode, "run", "--title", "t", *arguments)
    sent = json.dumps([message for message in requests[-1]["messages"] if message["role"] == "user"])
    return " ".join(word for word in prompts if re.search(rf"\b{word}\b", sent))


def rows(home: str, statement: str) -> list:
    return sqlite3.connect(f"{work}/{home}/.local/share/opencode/opencode.db").execute(statement).fetchall()


def undo(session: str) -> None:
    """What /undo of the terminal calls."""
    server = subprocess.Popen([*opencode, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True, **common("source"))
    address = next(found[0] for line in server.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))

    def call(path: str, body: object = None) -> object:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{address}/session/{session}{path}", data, {"content-type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=30))

    try:
        users = [message["info"]["id"] for message in call("/message") if message["info"]["role"] == "user"]
        call("/revert", {"messageID": users[-1]})
    finally:
        server.terminate()
        server.wait()


def migrate(session: str, folder: str) -> None:
    tool = work + "/py/bin/opencode-migrate"
    run("source", tool, "export", session, "-o", f"{work}/{folder}")
    run("target", tool, "import", f"{work}/{folder}")


def children(home: str, session: str) -> list[str]:
    return [row[0] for row in rows(home, f"SELECT id FROM session WHERE parent_id = '{session}'")]


def is_there(home: str) -> bool:
    """Whether the session that the call names exists."""
    [[named]] = rows(home, "SELECT json_extract(data, '$.state.metadata.sessionId') FROM part WHERE data LIKE '%\"tool\":\"task\"%'")
    return bool(rows(home, f"SELECT 1 FROM session WHERE id = '{named}'"))


prompt("source", "tea")
[[session]] = rows("source", "SELECT id FROM session WHERE parent_id IS NULL")
prompt("source", "--session", session, "coffee")
# OpenCode makes its database.
run("target", *opencode, "session", "list")
migrate(session, "first")
counts = [len(children(home, session)) for home in ("source", "target")]
found = [is_there(home) for home in ("source", "target")]
print(f"subagents: source {counts[0]}, target {counts[1]}; ", end="")
print(f"the call names a session that is there: source {found[0]}, target {found[1]}")

undo(session)
prompt("source", "--session", session, "cocoa")
migrate(session, "second")
print("sent by the next prompt, source:", prompt("source", "--session", session, "water"))
print("sent by the next prompt, target:", prompt("target", "--session", session, "water"))
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
subagents: source 1, target 0; the call names a session that is there: source True, target False
sent by the next prompt, source: tea cocoa water
sent by the next prompt, target: tea coffee cocoa water
EOF
cmp report expected
