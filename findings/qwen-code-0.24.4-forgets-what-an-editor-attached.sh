#!/usr/bin/env bash
# npm @qwen-code/qwen-code 0.24.4, over the Agent Client Protocol (qwen --acp).
#
# Of a prompt from an editor, Qwen Code records the words that were typed, and nothing of what the model got beside them: neither
# the picture, nor the text of a file that is open and not saved, nor the content of a file that the editor links, nor the
# text that stands for a custom command or a skill. While the process lives, each request has them. After session/load, or
# `qwen --resume`, the model is sent the words alone: it has answers about a picture and a file that it never saw, and
# "/price mint" in place of what it was asked. On the command line, the same file and the same command are recorded and
# sent again.
#
# An open issue of the project (12538) says from reading the code that session/load gives an editor no embedded resources
# back. That the model loses them, and pictures and commands, it does not say.
#
# Why it matters: editors start the program anew with each window. The user sees the conversation, and asks on about the
# screenshot that the model has no longer. No reader of the transcript can restore it.
#
# Seen (what the model is sent of each prompt):
#   picture  while it runs: words, picture   after session/load: words
#   buffer   while it runs: words, content   after session/load: words
#   link     while it runs: words, content   after session/load: words
#   command  while it runs: its text         after session/load: words
#   file mentioned on the command line       after --resume:     words, content
#   command on the command line              after --resume:     its text
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.qwen/commands shop
npm install --silent --no-audit --no-fund --prefix cli @qwen-code/qwen-code@0.24.4 >/dev/null
echo 'Mint tea costs 2.' >shop/prices.txt
printf -- '---\ndescription: Look up a price\n---\nFind {{args}} in the list of teas.\n' >home/.qwen/commands/price.md
cat >run.py <<'EOF2'
import glob, http.server, json, os, subprocess, sys, threading

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        requests.append(body)
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
        delta = {"role": "assistant", "content": "I see."}
        usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
        whole = {**chunk, "object": "chat.completion", "usage": usage}
        whole["choices"] = [{"index": 0, "message": delta, "finish_reason": "stop"}]
        data = json.dumps(whole)
        if body.get("stream"):
            choices = [{"index": 0, "delta": delta, "finish_reason": None}], [{"index": 0, "delta": {}, "finish_reason": "stop"}]
            events = [*({**chunk, "choices": each} for each in choices), {**chunk, "choices": [], "usage": usage}]
            data = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if body.get("stream") else "application/json")
        self.end_headers()
        self.wfile.write(data.encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
settings = {"security": {"auth": {"selectedType": "openai"}}, "general": {"enableAutoUpdate": False}}
settings |= {"privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False}}
settings |= {"memory": {"enableManagedAutoMemory": False}, "ui": {"enableFollowupSuggestions": False}}
with open("home/.qwen/settings.json", "w") as file:
    json.dump(settings, file)
# A model that takes pictures.
name = "qwen3-vl-plus"
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "LANG": "C.UTF-8", "OPENAI_API_KEY": "dummy"}
environment |= {"OPENAI_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}/v1", "OPENAI_MODEL": name}
command = ["node", work + "/cli/node_modules/@qwen-code/qwen-code/cli-entry.js", "--auth-type", "openai", "--model", name, "--yolo"]
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
uri = f"file://{work}/shop/prices.txt"
PROMPTS = {
    "picture": ["What is wrong here?", {"type": "image", "data": PICTURE, "mimeType": "image/png"}],
    "buffer": ["Is this right?", {"type": "resource", "resource": {"uri": "file:///unsaved.txt", "text": "Sell no coffee."}}],
    "link": ["What costs 2?", {"type": "resource_link", "uri": uri, "name": "prices.txt"}],
    "command": ["/price mint"],
}
MARKS = {
    "picture": {"words": "What is wrong here?", "picture": PICTURE},
    "buffer": {"words": "Is this right?", "content": "Sell no coffee."},
    "link": {"words": "What costs 2?", "content": "Mint tea costs 2."},
    "command": {"words": "/price mint", "its text": "Find mint in the list of teas."},
}


class Editor:
    def __enter__(self):
        self.process = subprocess.Popen([*command, "--acp"], cwd="shop", env=environment, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.number = 0
        self.call("initialize", protocolVersion=1, clientCapabilities={})
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)

    def call(self, method, **params):
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            message = json.loads(line)
            if message.get("id") == self.number and "method" not in message:
                return message["result"] if "result" in message else sys.exit(str(message))
        sys.exit("the agent ended")

    def prompt(self, session, text, *others):
        self.call("session/prompt", sessionId=session, prompt=[{"type": "text", "text": text}, *others])


def sent(marks):
    said = json.dumps([message for message in requests[-1]["messages"] if message["role"] == "user"])
    return ", ".join(what for what, mark in marks.items() if mark in said)


def at_the_terminal(prompt, marks):
    subprocess.run([*command, "--prompt", prompt], cwd="shop", env=environment, check=True, capture_output=True, timeout=120)
    session = os.path.basename(max(glob.glob("home/.qwen/projects/*/chats/*.jsonl"), key=os.path.getmtime))
    resume = ["--resume", session.removesuffix(".jsonl"), "--prompt", "Go on."]
    subprocess.run([*command, *resume], cwd="shop", env=environment, check=True, capture_output=True, timeout=120)
    return sent(marks)


place = {"cwd": work + "/shop", "mcpServers": []}
before, after = {}, {}
with Editor() as editor:
    session = editor.call("session/new", **place)["sessionId"]
    for kind, prompt in PROMPTS.items():
        editor.prompt(session, *prompt)
    before = {kind: sent(MARKS[kind]) for kind in PROMPTS}
with Editor() as editor:
    editor.call("session/load", sessionId=session, **place)
    editor.prompt(session, "Go on.")
    after = {kind: sent(MARKS[kind]) for kind in PROMPTS}
for kind in PROMPTS:
    print(f"{kind:8} while it runs: {before[kind]:16} after session/load: {after[kind]}")
mentioned = at_the_terminal("What costs 2 in @prices.txt?", {"words": "What costs 2", "content": "Mint tea costs 2."})
print(f"{'file mentioned on the command line':40} after --resume:     {mentioned}")
print(f"{'command on the command line':40} after --resume:     {at_the_terminal('/price mint', MARKS['command'])}")
EOF2
python3 run.py | tee report
cat >expected <<'EOF2'
picture  while it runs: words, picture   after session/load: words
buffer   while it runs: words, content   after session/load: words
link     while it runs: words, content   after session/load: words
command  while it runs: its text         after session/load: words
file mentioned on the command line       after --resume:     words, content
command on the command line              after --resume:     its text
EOF2
cmp report expected
