#!/usr/bin/env bash
# PyPI claude-opencode-sessions 0.1.2, importing sessions of npm opencode-ai 1.18.33.
#
# /undo of OpenCode does not delete: session.revert names the first message that is taken back, and the messages stay in the
# database until the next prompt. `claude-opencode-sessions import` reads all messages and not that column:
# - a session whose last turn was undone is imported with it, as a valid turn, and Claude Code goes on from there;
# - a session that was imported before the undo counts as unchanged: the copy stays as it was, and the import says so.
# Its hook imports at each /resume of Claude Code, so that nobody has to ask for the import.
#
# Why it matters: an undo in OpenCode also restores the files. The model in Claude Code is told of changes that are no longer
# there. A reader of OpenCode's database, or of `opencode export`, which has the undone messages too, has to leave out what
# stands from revert.messageID on.
#
# Seen:
#   before the undo:   imported       copy: tea coffee
#   after the undo:    skipped        copy: tea coffee
#   in a new home:     imported       copy: tea coffee
#   opencode sends next: tea cocoa
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.config/opencode shop
npm install --silent --no-audit --no-fund --prefix cli opencode-ai@1.18.33 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check claude-opencode-sessions==0.1.2
cat >run.py <<'EOF'
import http.server, json, os, pathlib, re, sqlite3, subprocess, threading, urllib.request

work = pathlib.Path(os.path.realpath(os.getcwd()))
prompts = ("tea", "coffee", "cocoa")
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
        for delta, reason in [({"role": "assistant", "content": "Served."}, None), ({}, "stop")]:
            part = {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], "usage": usage}
            self.wfile.write(f"data: {json.dumps(part)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
options = {"baseURL": f"http://127.0.0.1:{model.server_address[1]}/v1", "apiKey": "dummy"}
provider = {"npm": "@ai-sdk/openai-compatible", "name": "mock", "options": options, "models": {"mock": {"name": "mock"}}}
with open("home/.config/opencode/opencode.json", "w") as file:
    json.dump({"provider": {"mock": provider}, "model": "mock/mock", "small_model": "mock/mock", "autoupdate": False}, file)
environment = {"PATH": os.environ["PATH"], "HOME": f"{work}/home", "OPENCODE_DISABLE_MODELS_FETCH": "1", "NO_COLOR": "1"}
opencode = ["timeout", "120", f"{work}/cli/node_modules/.bin/opencode"]
common = {"env": environment, "cwd": work / "shop", "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}


def words(text: str) -> str:
    return " ".join(prompt for prompt in prompts if re.search(rf"\b{prompt}\b", text))


def prompt(*arguments: str) -> str:
    """Run one prompt, and give the prompts that the model was sent."""
    command = [*opencode, "run", "--title", "t", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **common)
    return words(json.dumps([message for message in requests[-1]["messages"] if message["role"] == "user"]))


def rows(statement: str) -> list:
    return sqlite3.connect("home/.local/share/opencode/opencode.db").execute(statement).fetchall()


def undo(session: str) -> None:
    """What /undo of the terminal calls."""
    server = subprocess.Popen([*opencode, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True, **common)
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


def imported(what: str, folder: str) -> None:
    command = [f"{work}/py/bin/claude-opencode-sessions", "import", "--claude-project-dir", f"{work}/{folder}"]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **common).stdout
    [copy] = (work / folder).glob("*.jsonl")
    lines = [json.loads(line) for line in copy.read_text().splitlines()]
    texts = " ".join(line["message"]["content"] for line in lines if line["type"] == "user")
    outcome = "imported" if re.search(r"^ *imported ", said, re.M) else "skipped"
    print(f"{what:<18} {outcome:<14} copy: {words(texts)}")


prompt("tea")
[[session]] = rows("SELECT id FROM session")
prompt("--session", session, "coffee")
imported("before the undo:", "copies")
undo(session)
[[reverted]] = rows("SELECT revert IS NOT NULL FROM session")
assert reverted
imported("after the undo:", "copies")
imported("in a new home:", "others")
print("opencode sends next:", prompt("--session", session, "cocoa"))
EOF
python3 run.py | tee report
cat >expected <<'EOF'
before the undo:   imported       copy: tea coffee
after the undo:    skipped        copy: tea coffee
in a new home:     imported       copy: tea coffee
opencode sends next: tea cocoa
EOF
cmp report expected
