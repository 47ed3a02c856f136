#!/usr/bin/env bash
# npm opencode-ai 1.18.33.
#
# Undoing a turn (/undo, or POST /session/ID/revert) deletes nothing: the session gets revert.messageID, and that message and
# all after it are gone from the next prompt on. Two ways out of the session do not look at the mark:
# - a fork (POST /session/ID/fork) copies the undone messages too, under new ids and without the
#   mark: in the fork nothing is undone, and the next prompt sends the undone turn to the model;
# - session/load of the Agent Client Protocol (opencode acp) replays the undone turn like any other, and the protocol has no
#   word for the mark. GET /session/ID/message gives it as well, but there the session's revert tells which ones are undone.
# `opencode export` and `import` carry the mark.
#
# Why it matters: what somebody took back (a wrong prompt, a pasted secret) comes back into the model's context with a fork,
# and into any store that was filled through the protocol. A reader must cut messages at revert.messageID itself.
#
# Seen:
#   session: revert set, acp replays: pears | Answer. | plums | Answer.
#   fork:    revert none, messages: pears | Answer. | plums | Answer.
#   sent by the next prompt of the fork:    pears plums figs
#   sent by the next prompt of the session: pears figs
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.config/opencode shop
npm install --silent --no-audit --no-fund --prefix cli opencode-ai@1.18.33 >/dev/null
cat >run.py <<'EOF'
import http.server, json, os, re, subprocess, sys, threading, time, urllib.request

work = os.getcwd()
requests = []


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
        for delta, reason in [({"role": "assistant", "content": "Answer."}, None), ({}, "stop")]:
            part = {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], "usage": usage}
            self.wfile.write(f"data: {json.dumps(part)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
options = {"baseURL": f"http://127.0.0.1:{model.server_address[1]}/v1", "apiKey": "dummy"}
provider = {"npm": "@ai-sdk/openai-compatible", "name": "mock", "options": options, "models": {"mock": {"name": "mock"}}}
with open("home/.config/opencode/opencode.json", "w") as file:
    json.dump({"provider": {"mock": provider}, "model": "mock/mock", "small_model": "mock/mock", "autoupdate": False}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "OPENCODE_DISABLE_MODELS_FETCH": "1"}
command = ["timeout", "120", work + "/cli/node_modules/.bin/opencode"]
common = {"env": environment, "cwd": work + "/shop", "stderr": subprocess.DEVNULL, "text": True}


def prompt(*arguments: str) -> str:
    """Run one prompt, and give which fruits the model was told of."""
    before = len(requests)
    subprocess.run([*command, "run", "--title", "t", *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **common)
    sent = json.dumps([[m for m in body["messages"] if m["role"] == "user"] for body in requests[before:]])
    return " ".join(fruit for fruit in ("pears", "plums", "figs") if fruit in sent)


def call(method: str, path: str, body: object = None) -> object:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"content-type": "application/json"}, method=method)
    return json.load(urllib.request.urlopen(request, timeout=30))


def texts(session: str) -> list:
    return [part["text"] for m in call("GET", f"/session/{session}/message") for part in m["parts"] if part["type"] == "text"]


def replayed(session: str) -> list:
    agent = subprocess.Popen([*command, "acp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **common)
    seen = []
    load = {"sessionId": session, "cwd": work + "/shop", "mcpServers": []}
    for number, method, params in [(1, "initialize", {"protocolVersion": 1, "clientCapabilities": {}}), (2, "session/load", load), (3, "no/such", {})]:
        agent.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
        agent.stdin.flush()
        for line in agent.stdout:
            message = json.loads(line)
            update = message.get("params", {}).get("update", {})
            if update.get("sessionUpdate") in ("user_message_chunk", "agent_message_chunk"):
                seen.append(update["content"]["text"])
            if message.get("id") == number:
                break
    agent.terminate()
    agent.wait()
    return seen


prompt("pears")
server = subprocess.Popen([*command, "serve", "--port", "0"], stdout=subprocess.PIPE, **common)
for line in server.stdout:
    if found := re.search(r"http://127\.0\.0\.1:\d+", line):
        address = found.group()
        break
try:
    [session] = [s["id"] for s in call("GET", "/session")]
    prompt("--session", session, "plums")
    users = [m["info"]["id"] for m in call("GET", f"/session/{session}/message") if m["info"]["role"] == "user"]
    call("POST", f"/session/{session}/revert", {"messageID": users[1]})
    mark = call("GET", f"/session/{session}").get("revert")
    print("session: revert", "set," if mark else "none,", "acp replays:", " | ".join(replayed(session)))
    fork = call("POST", f"/session/{session}/fork", {})
    print("fork:    revert", "set," if fork.get("revert") else "none,", "messages:", " | ".join(texts(fork["id"])))
finally:
    server.terminate()
    server.wait()
print("sent by the next prompt of the fork:   ", prompt("--session", fork["id"], "figs"))
print("sent by the next prompt of the session:", prompt("--session", session, "figs"))
EOF
python3 run.py | tee report
cat >expected <<'EOF'
session: revert set, acp replays: pears | Answer. | plums | Answer.
fork:    revert none, messages: pears | Answer. | plums | Answer.
sent by the next prompt of the fork:    pears plums figs
sent by the next prompt of the session: pears figs
EOF
cmp report expected
