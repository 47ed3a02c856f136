#!/usr/bin/env bash
# PyPI claude-code-sessionutils 0.1.0 and claudepath 1.1.2, with npm @anthropic-ai/claude-code 2.1.332.
#
# Claude Code keeps sessions in a folder that is named after the directory, with a hyphen for each character other than a
# letter or a digit: the directories my-app and my.app share one. The program itself tells their sessions apart by the
# directory in the lines. Two tools do not:
# - `claude-session rm my-app`, which is to delete the sessions of one directory, deletes those of my.app as well;
# - `claudepath mv my-app new-app` takes those of my.app along: `claude --continue` begins a new one in my.app.
# Both report success, with exit status 0. The first one keeps no backup.
#
# Why it matters: names of this kind lie side by side, such as a site and its repository (shop.example and shop-example), or a
# version with a dot and one without. Cleaning up after one of them loses what was said in the other.
#
# Seen (the prompts that `claude --continue` sends in my.app, after a session there and one in my-app):
#   before:                    dot | Go on.
#   claude-session rm my-app:  status 0; then: Go on.
#   claudepath mv my-app:      status 0; then: Go on.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli my.app my-app
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check claude-code-sessionutils==0.1.0 claudepath==1.1.2
cat >run.py <<'EOF'
import http.server, json, os, shutil, subprocess, threading

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        requests.append(body)
        message = {"id": f"msg_{len(requests)}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        events = [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Noted."}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
environment = {"PATH": os.environ["PATH"], "HOME": f"{work}/home", "NO_COLOR": "1"}
environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
environment |= {"DISABLE_AUTOUPDATER": "1", "IS_SANDBOX": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}


def run(folder: str, *command: str) -> int:
    command = ["timeout", "60", f"{work}/{command[0]}", *command[1:]]
    common = {"cwd": f"{work}/{folder}", "env": environment, "stdin": subprocess.DEVNULL}
    return subprocess.run(command, capture_output=True, **common).returncode


def claude(folder: str, prompt: str, *options: str) -> str:
    """Run one turn, and give the prompts that the model was sent."""
    assert run(folder, "cli/node_modules/.bin/claude", *options, "-p", prompt) == 0
    texts = json.dumps([message for message in requests[-1]["messages"] if message["role"] == "user"])
    return " | ".join(said for said in ("dot", "hyphen", "Go on.") if json.dumps(said) in texts)


def begin() -> None:
    """Lay out the two sessions as they were, and the directories."""
    shutil.rmtree("home", ignore_errors=True)
    shutil.copytree("kept", "home")
    os.makedirs("my-app", exist_ok=True)


os.makedirs("home")
claude("my.app", "dot")
claude("my-app", "hyphen")
shutil.copytree("home", "kept")
print("before:                   ", claude("my.app", "Go on.", "--continue"))
begin()
status = run(".", "py/bin/claude-session", "rm", f"{work}/my-app")
print(f"claude-session rm my-app:  status {status}; then:", claude("my.app", "Go on.", "--continue"))
begin()
status = run(".", "py/bin/claudepath", "mv", f"{work}/my-app", f"{work}/new-app", "--yes")
print(f"claudepath mv my-app:      status {status}; then:", claude("my.app", "Go on.", "--continue"))
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
before:                    dot | Go on.
claude-session rm my-app:  status 0; then: Go on.
claudepath mv my-app:      status 0; then: Go on.
EOF
cmp report expected
