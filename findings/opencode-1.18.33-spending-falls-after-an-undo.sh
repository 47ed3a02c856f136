#!/usr/bin/env bash
# npm opencode-ai 1.18.33.
#
# An undo (/undo, or POST /session/ID/revert) only sets a mark on the session. The next prompt deletes the undone messages, and
# takes what they cost out of the session: its cost and tokens fall, and `opencode stats` with them. What the provider bills
# for the undone turn is in no total any more, and its text is in no table of the messages.
#
# Why it matters: a counter that keeps the newest state of each session loses money that was spent; one that adds up the
# differences between two reads meets negative ones. An archive has an undone turn only if it read the session before
# that prompt.
#
# Seen (each request costs 1.00 for 1,000 tokens of input, and 0.01 for its output):
#   two prompts: stats $2.02, session 2.02, 2000 tokens, messages: pears | Answer. | plums | Answer.
#   undone:      stats $2.02, session 2.02, 2000 tokens, messages: pears | Answer. | plums | Answer.
#   next prompt: stats $2.02, session 2.02, 2000 tokens, messages: pears | Answer. | figs | Answer.
#   sent: 3 requests, 3000 tokens
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.config/opencode shop
npm install --silent --no-audit --no-fund --prefix cli opencode-ai@1.18.33 >/dev/null
cat >run.py <<'EOF'
import http.server, json, os, re, subprocess, threading, urllib.request

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
        usage = {"prompt_tokens": 1000, "completion_tokens": 2, "total_tokens": 1002}
        for delta, reason in [({"role": "assistant", "content": "Answer."}, None), ({}, "stop")]:
            part = {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], "usage": usage}
            self.wfile.write(f"data: {json.dumps(part)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
options = {"baseURL": f"http://127.0.0.1:{model.server_address[1]}/v1", "apiKey": "dummy"}
# Dollars for a million tokens.
models = {"mock": {"name": "mock", "cost": {"input": 1000, "output": 5000}}}
provider = {"npm": "@ai-sdk/openai-compatible", "name": "mock", "options": options, "models": models}
with open("home/.config/opencode/opencode.json", "w") as file:
    json.dump({"provider": {"mock": provider}, "model": "mock/mock", "small_model": "mock/mock", "autoupdate": False}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "OPENCODE_DISABLE_MODELS_FETCH": "1"}
command = ["timeout", "120", work + "/cli/node_modules/.bin/opencode"]
common = {"env": environment, "cwd": work + "/shop", "stderr": subprocess.DEVNULL, "text": True}


def run(*arguments: str) -> str:
    return subprocess.run([*command, *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **common).stdout


def call(method: str, path: str, body: object = None) -> object:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"content-type": "application/json"}, method=method)
    return json.load(urllib.request.urlopen(request, timeout=30))


def show(label: str) -> None:
    total = re.search(r"Total Cost\s+(\S+?)│?\s", run("stats")).group(1)
    session = call("GET", f"/session/{thread}")
    messages = call("GET", f"/session/{thread}/message")
    texts = [part["text"] for message in messages for part in message["parts"] if part["type"] == "text"]
    spent = f"session {session['cost']:.2f}, {session['tokens']['input']} tokens"
    print(f"{label:12} stats {total}, {spent}, messages: {' | '.join(texts)}")


run("run", "--title", "t", "pears")
server = subprocess.Popen([*command, "serve", "--port", "0"], stdout=subprocess.PIPE, **common)
for line in server.stdout:
    if found := re.search(r"http://127\.0\.0\.1:\d+", line):
        address = found.group()
        break
try:
    [thread] = [s["id"] for s in call("GET", "/session")]
    run("run", "--session", thread, "plums")
    show("two prompts:")
    users = [m["info"]["id"] for m in call("GET", f"/session/{thread}/message") if m["info"]["role"] == "user"]
    call("POST", f"/session/{thread}/revert", {"messageID": users[1]})
    show("undone:")
    run("run", "--session", thread, "figs")
    show("next prompt:")
finally:
    server.terminate()
    server.wait()
print(f"sent: {len(requests)} requests, {1000 * len(requests)} tokens")
EOF
python3 run.py | tee report
cat >expected <<'EOF'
two prompts: stats $2.02, session 2.02, 2000 tokens, messages: pears | Answer. | plums | Answer.
undone:      stats $2.02, session 2.02, 2000 tokens, messages: pears | Answer. | plums | Answer.
next prompt: stats $2.02, session 2.02, 2000 tokens, messages: pears | Answer. | figs | Answer.
sent: 3 requests, 3000 tokens
EOF
cmp report expected
