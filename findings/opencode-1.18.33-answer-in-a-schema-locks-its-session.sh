#!/usr/bin/env bash
# npm opencode-ai 1.18.33, `opencode serve` and `opencode acp`.
#
# A prompt to POST /session/{id}/message may have a `format` of the type json_schema: the documented structured output. OpenCode
# answers it well, stores it, and from then on refuses its own message wherever it hands messages out:
# - GET /session/{id}/message is 400 for the whole session, and so is the message by its id;
# - POST /session/{id}/fork is 500, and `opencode run --session ID --fork` fails, but each attempt leaves a session "(fork #1)" in
#   the list, with the messages before that prompt alone. The next attempt makes "(fork #2)";
# - session/load and session/resume of the Agent Client Protocol fail, so that no editor opens the session.
# The messages are there: `opencode run --session ID` goes on with them, and `opencode export` writes them.
#
# An open issue of the project (26929) has the first of these. It does not mention forks and editors.
#
# Why it matters: one structured answer, which a script or a plugin may have asked for, locks a session for all its clients for
# good. Who forks it - the usual way to try something without risk - gets an error, and copies in the list that look whole.
#
# Seen:
#   before: messages 200, fork 200, editor: loaded, sessions: 2
#   the answer: {'price': 2}
#   after:  messages 400, fork 500, editor: refused, sessions: 3
#   the fork that failed has: One | Done. | Two | Done.
#   run --fork fails: True, sessions: 4
#   export has: One | Done. | Two | Done. | The price in a schema
#   run --session goes on: One | Done. | Two | Done. | The price in a schema | Three
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.config/opencode shop
npm install --silent --no-audit --no-fund --prefix cli opencode-ai@1.18.33 >/dev/null
cat >run.py <<'EOF2'
import glob, http.server, json, os, socket, subprocess, threading, time, urllib.error, urllib.request

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        tools = [tool["function"]["name"] for tool in body.get("tools", [])]
        if tools:
            requests.append(body)
        delta, reason = {"role": "assistant", "content": "Done."}, "stop"
        if "StructuredOutput" in tools:
            function = {"name": "StructuredOutput", "arguments": '{"price": 2}'}
            delta = {"role": "assistant", "tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]}
            reason = "tool_calls"
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
        usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
        choices = [{"index": 0, "delta": delta, "finish_reason": None}], [{"index": 0, "delta": {}, "finish_reason": reason}]
        events = [*({**chunk, "choices": each} for each in choices), {**chunk, "choices": [], "usage": usage}]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(("".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n").encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
options = {"baseURL": f"http://127.0.0.1:{model.server_address[1]}/v1", "apiKey": "dummy"}
provider = {"npm": "@ai-sdk/openai-compatible", "name": "M", "options": options, "models": {"m": {"name": "M", "tool_call": True}}}
settings = {"provider": {"m": provider}, "model": "m/m", "small_model": "m/m", "autoupdate": False, "share": "disabled"}
with open("home/.config/opencode/opencode.json", "w") as file:
    json.dump({**settings, "permission": "allow"}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "LANG": "C.UTF-8", "OPENCODE_DISABLE_AUTOUPDATE": "1"}
environment |= {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1"}
environment |= {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1,localhost"}
[program] = glob.glob(work + "/cli/node_modules/opencode-linux-x64/bin/opencode") or [work + "/cli/node_modules/.bin/opencode"]
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
server = subprocess.Popen([program, "serve", "--port", str(port)], cwd="shop", env=environment, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, {"content-type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None


def run(*arguments):
    return subprocess.run([program, *arguments], cwd="shop", env=environment, capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)


def ask(text, **fields):
    return call("POST", f"/session/{session}/message", {"parts": [{"type": "text", "text": text}], **fields})


def in_editor():
    process = subprocess.Popen([program, "acp"], cwd="shop", env=environment, text=True, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    place = {"sessionId": session, "cwd": work + "/shop", "mcpServers": []}
    calls = [("initialize", {"protocolVersion": 1, "clientCapabilities": {}}), ("session/load", place), ("session/resume", place)]
    answers = []
    for number, (method, params) in enumerate(calls):
        process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
        process.stdin.flush()
        answers.append(next(one for one in map(json.loads, process.stdout) if one.get("id") == number and "method" not in one))
    process.kill()
    process.wait()
    return {(False, False): "loaded", (True, True): "refused"}[tuple("error" in one for one in answers[1:])]


def state():
    messages, _ = call("GET", f"/session/{session}/message")
    fork, _ = call("POST", f"/session/{session}/fork", {})
    return f"messages {messages}, fork {fork}, editor: {in_editor()}, sessions: {len(call('GET', '/session')[1])}"


def texts(messages):
    return " | ".join(part["text"] for message in messages for part in message["parts"] if part["type"] == "text")


try:
    for _ in range(120):
        try:
            session = call("POST", "/session", {"title": "Tea"})[1]["id"]
            break
        except OSError:
            time.sleep(0.25)
    ask("One")
    print("before:", state())
    ask("Two")
    schema = {"type": "object", "properties": {"price": {"type": "number"}}, "required": ["price"]}
    answer = ask("The price in a schema", format={"type": "json_schema", "schema": schema})
    print("the answer:", answer[1]["info"]["structured"])
    print("after: ", state())
    half = max(call("GET", "/session")[1], key=lambda one: one["time"]["created"])
    print("the fork that failed has:", texts(call("GET", f"/session/{half['id']}/message")[1]))
    forked = run("run", "--session", session, "--fork", "Three")
    print(f"run --fork fails: {forked.returncode != 0}, sessions: {len(call('GET', '/session')[1])}")
    print("export has:", texts(json.loads(run("export", session).stdout)["messages"]))
    run("run", "--session", session, "Three")
    sent = [message["content"] for message in requests[-1]["messages"] if message["role"] in ("user", "assistant")]
    print("run --session goes on:", " | ".join(text if isinstance(text, str) else text[0]["text"] for text in sent if text))
finally:
    server.kill()
    server.wait()
EOF2
python3 run.py | tee report
cat >expected <<'EOF2'
before: messages 200, fork 200, editor: loaded, sessions: 2
the answer: {'price': 2}
after:  messages 400, fork 500, editor: refused, sessions: 3
the fork that failed has: One | Done. | Two | Done.
run --fork fails: True, sessions: 4
export has: One | Done. | Two | Done. | The price in a schema
run --session goes on: One | Done. | Two | Done. | The price in a schema | Three
EOF2
cmp report expected
