#!/usr/bin/env bash
# npm opencode-ai 1.18.33.
#
# `opencode import FILE` does not replace a session that is still there: it adds the messages of the file to those that the
# database has, and ends with status 0 and "Imported session". A backup of a session in which turns had been undone holds
# these turns, and says so. Once the session has gone on, it has deleted them. The import of the backup brings them back as
# valid ones: the terminal shows them, the next request has them, with their answers, before what was said in their place, and
# `opencode export` says no more that they were undone.
#
# Why it matters: whoever backs up sessions by `opencode export`, and imports a backup to be sure that all is there, gives the
# model instructions that were taken back. A tool that restores sessions of OpenCode must not import one that is there.
#
# Seen:
#   the backup has: pears plums figs, undone from: plums
#   the session went on with: pears grapes
#   import: 0, Imported session
#   the session has: pears plums figs grapes, undone: nothing
#   run sends: pears plums figs grapes cherries
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.config/opencode shop
npm install --silent --no-audit --no-fund --prefix cli opencode-ai@1.18.33 >/dev/null
cat >run.py <<'EOP'
import http.server, json, os, re, subprocess, threading, urllib.request

work = os.getcwd()
requests = []
FRUITS = ("pears", "plums", "figs", "grapes", "cherries")


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
provider = {"npm": "@ai-sdk/openai-compatible", "name": "mock"}
provider["options"] = {"baseURL": f"http://127.0.0.1:{model.server_address[1]}/v1", "apiKey": "dummy"}
provider["models"] = {"mock": {"name": "mock"}}
settings = {"model": "mock/mock", "small_model": "mock/mock", "autoupdate": False, "provider": {"mock": provider}}
with open("home/.config/opencode/opencode.json", "w") as file:
    json.dump(settings, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "OPENCODE_DISABLE_MODELS_FETCH": "1"}
command = ["timeout", "120", work + "/cli/node_modules/.bin/opencode"]
common = {"env": environment, "cwd": work + "/shop", "stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def opencode(*arguments: str) -> str:
    run = subprocess.run([*command, *arguments], check=True, stdout=subprocess.PIPE, text=True, **common)
    return run.stdout


def fruits(value: object) -> str:
    text = json.dumps(value)
    return " ".join(fruit for fruit in FRUITS if fruit in text)


def run(prompt: str, *options: str) -> str:
    opencode("run", "--title", "t", *options, prompt)
    return fruits([message for message in requests[-1]["messages"] if message["role"] != "system"])


def undo(number: int) -> None:
    """What /undo does in the terminal, twice for the last two prompts."""
    server = subprocess.Popen([*command, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True, **common)
    try:
        address = next(found.group() for line in server.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        with urllib.request.urlopen(f"{address}/session/{session}/message", timeout=30) as answer:
            prompts = [one["info"]["id"] for one in json.load(answer) if one["info"]["role"] == "user"]
        data = json.dumps({"messageID": prompts[number]}).encode()
        headers = {"content-type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(f"{address}/session/{session}/revert", data, headers), timeout=30)
    finally:
        server.terminate()
        server.wait()


run("pears")
session = re.search(r"ses_\w+", opencode("session", "list")).group()
run("plums", "--session", session)
run("figs", "--session", session)
undo(1)
backup = opencode("export", session)
with open("backup.json", "w") as file:
    file.write(backup)
messages = {one["info"]["id"]: one for one in json.loads(backup)["messages"]}
undone = json.loads(backup)["info"]["revert"]["messageID"]
print(f"the backup has: {fruits(list(messages.values()))}, undone from: {fruits(messages[undone])}")
print("the session went on with:", run("grapes", "--session", session))
imported = opencode("import", work + "/backup.json")
print("import: 0,", imported.partition(":")[0])
after = json.loads(opencode("export", session))
print(f"the session has: {fruits(after['messages'])}, undone: {after['info'].get('revert', 'nothing')}")
print("run sends:", run("cherries", "--session", session))
EOP
python3 run.py | tee report
cat >expected <<'EOP'
the backup has: pears plums figs, undone from: plums
the session went on with: pears grapes
import: 0, Imported session
the session has: pears plums figs grapes, undone: nothing
run sends: pears plums figs grapes cherries
EOP
cmp report expected
