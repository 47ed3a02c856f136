#!/usr/bin/env bash
# npm opencode-ai 1.18.33.
#
# The server has a newer API, `/api/session` (listed in its /doc beside `/session`), which stores prompts and answers in a
# table of its own, session_message. A session has one id and one row in the list, but two conversations:
# - `opencode run --session ID`, after prompts to the newer API, sends the model none of them, and answers as if nothing had
#   been said; the next prompt to the newer API knows nothing of what `run` was told;
# - `opencode export ID` ends with status 0 and leaves the newer API's messages out: before the `run`, "messages" is empty;
# - `GET /session/ID/message`, which the terminal shows, has only the other half, too;
# - tokens and cost of the session count only the replies to `run`.
#
# Why it matters: clients of the two APIs (the generated SDK has both) see the same session in the list and go on in it
# without the other's turns. Whoever backs sessions up by `opencode export` has files without a word of them. A reader has to
# merge message and session_message by their times.
#
# Seen:
#   the list has: 1 session
#   exported before the run: 0 messages, 0 tokens of output
#   run sends: figs
#   the newer API sends: pears plums grapes
#   exported at last: figs
#   of the API's: figs, of the newer API's: pears plums grapes
#   replies: 4, tokens of output counted: 2 of 8
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.config/opencode shop
npm install --silent --no-audit --no-fund --prefix cli opencode-ai@1.18.33 >/dev/null
cat >run.py <<'EOF'
import http.server, json, os, re, subprocess, sys, threading, time, urllib.parse, urllib.request

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
url = f"http://127.0.0.1:{model.server_address[1]}/v1"
# The newer API has a form of its own for providers: `providers` beside `provider`.
older = {"npm": "@ai-sdk/openai-compatible", "name": "mock", "options": {"baseURL": url, "apiKey": "dummy"}}
older["models"] = {"mock": {"name": "mock"}}
newer = {"name": "mock", "api": {"type": "aisdk", "package": "@ai-sdk/openai-compatible", "url": url}}
newer["request"] = {"headers": {}, "body": {"apiKey": "dummy"}}
limits = {"context": 100000, "output": 8000}
newer["models"] = {"mock": {"name": "mock", "capabilities": {"tools": True, "input": ["text"], "output": ["text"]}, "limit": limits}}
settings = {"model": "mock/mock", "small_model": "mock/mock", "autoupdate": False}
with open("home/.config/opencode/opencode.json", "w") as file:
    json.dump({**settings, "provider": {"mock": older}, "providers": {"mock": newer}}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "OPENCODE_DISABLE_MODELS_FETCH": "1"}
command = ["timeout", "120", work + "/cli/node_modules/.bin/opencode"]
common = {"env": environment, "cwd": work + "/shop", "stderr": subprocess.DEVNULL, "text": True}
FRUITS = ("pears", "plums", "figs", "grapes")


def fruits(value: object) -> str:
    text = json.dumps(value)
    return " ".join(fruit for fruit in FRUITS if fruit in text)


def sent() -> str:
    return fruits([message for message in requests[-1]["messages"] if message["role"] != "system"])


def call(method: str, path: str, body: object = None) -> object:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"content-type": "application/json"}, method=method)
    return json.load(urllib.request.urlopen(request, timeout=30))


def until(holds) -> None:
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    sys.exit("nothing came within 30 seconds")


def messages() -> list:
    return call("GET", f"/api/session/{session}/message")["data"]


def prompt(text: str) -> str:
    before = len(requests)
    call("POST", f"/api/session/{session}/prompt", {"prompt": {"text": text}})
    until(lambda: len(requests) > before and messages()[0].get("finish") == "stop")
    return sent()


def export() -> dict:
    return json.loads(subprocess.run([*command, "export", session], check=True, stdout=subprocess.PIPE, **common).stdout)


server = subprocess.Popen([*command, "serve", "--port", "0"], stdout=subprocess.PIPE, **common)
for line in server.stdout:
    if found := re.search(r"http://127\.0\.0\.1:\d+", line):
        address = found.group()
        break
try:
    place = {"directory": work + "/shop"}
    model_of = {"providerID": "mock", "id": "mock"}
    session = call("POST", "/api/session", {"location": place, "model": model_of})["data"]["id"]
    where = urllib.parse.urlencode({"location[directory]": place["directory"]})
    until(lambda: any(one["providerID"] == "mock" for one in call("GET", "/api/model?" + where)["data"]))
    prompt("pears")
    prompt("plums")
    print("the list has:", len(call("GET", "/session?" + urllib.parse.urlencode(place))), "session")
    before = export()
    print(f"exported before the run: {len(before['messages'])} messages, {before['info']['tokens']['output']} tokens of output")
    run = [*command, "run", "--title", "t", "--session", session, "figs"]
    subprocess.run(run, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **common)
    print("run sends:", sent())
    print("the newer API sends:", prompt("grapes"))
    after = export()
    print("exported at last:", fruits(after["messages"]))
    theirs = fruits(call("GET", f"/session/{session}/message"))
    print(f"of the API's: {theirs}, of the newer API's: {fruits(messages())}")
    print("replies: 4, tokens of output counted:", after["info"]["tokens"]["output"], "of 8")
finally:
    server.terminate()
    server.wait()
EOF
python3 run.py | tee report
cat >expected <<'EOF'
the list has: 1 session
exported before the run: 0 messages, 0 tokens of output
run sends: figs
the newer API sends: pears plums grapes
exported at last: figs
of the API's: figs, of the newer API's: pears plums grapes
replies: 4, tokens of output counted: 2 of 8
EOF
cmp report expected
