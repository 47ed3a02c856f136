#!/usr/bin/env bash
# npm ccundo 1.1.1, with @anthropic-ai/claude-code 2.1.332.
#
# `ccundo undo` takes back what Claude Code did to files, by the calls in the transcript. It reads the calls alone, and not
# their results, and takes each Write for a new file:
# - after a Write to a file that was there, the undo deletes the file instead of giving it its earlier content, which the
#   transcript has (`toolUseResult.originalFile`);
# - a Write that Claude Code refused, by a rule or by the person, is an operation too: its undo deletes the person's own
#   file, of which nothing had been changed.
# Both are reported as success, with exit status 0. The backup of ccundo has the content at the time of the undo.
#
# Why it matters: an undo loses what it is to give back. As the undo of a call undoes all later ones too, going back by some
# steps deletes every file that was rewritten in between, or that was to be kept from Claude Code.
#
# The session is made by the program itself, against a model server on the loopback.
#
# Seen:
#   rewritten by claude: notes.txt: new notes; the transcript has the earlier content: True
#   refused by claude:   mine.txt: my words; error in the transcript: True
#   ccundo lists:        2 file_create
#   ccundo undo:         status 0, deleted: mine.txt notes.txt; left in the folder: nothing
set -eu
# Without a dot in its path: ccundo looks for other names of folders than Claude Code gives.
work=$(mktemp -d -t undoXXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 ccundo@1.1.1 >/dev/null
cat >run.py <<'EOF'
import glob, http.server, json, os, re, subprocess, threading

work = os.path.realpath(os.getcwd())
number = 0


def call(name: str, **arguments: str) -> dict:
    return {"type": "tool_use", "id": f"toolu_{name}_{number}", "name": name, "input": arguments}


def reply() -> dict:
    """What the model answers next."""
    notes, mine = f"{work}/shop/notes.txt", f"{work}/shop/mine.txt"
    if number == 1:
        return call("Read", file_path=notes)
    if number == 2:
        return call("Write", file_path=notes, content="new notes\n")
    if number == 3:
        return call("Write", file_path=mine, content="other words\n")
    return {"type": "text", "text": "Done."}


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        global number
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        number += 1
        block = reply()
        if block["type"] == "text":
            start, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            start, delta = {**block, "input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        ended = {"stop_reason": "end_turn" if block["type"] == "text" else "tool_use"}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in (
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": start},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": ended, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ):
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
environment = {"PATH": os.environ["PATH"], "HOME": f"{work}/home", "NO_COLOR": "1", "FORCE_COLOR": "0"}
environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
environment |= {"DISABLE_AUTOUPDATER": "1", "IS_SANDBOX": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}


def run(program: str, *arguments: str) -> subprocess.CompletedProcess:
    command = ["timeout", "60", f"{work}/cli/node_modules/.bin/{program}", *arguments]
    common = {"env": environment, "cwd": f"{work}/shop", "stdin": subprocess.DEVNULL}
    return subprocess.run(command, capture_output=True, text=True, **common)


def content(name: str) -> str:
    with open(f"shop/{name}.txt") as file:
        return file.read().strip()


for name, text in (("notes", "old notes"), ("mine", "my words")):
    with open(f"shop/{name}.txt", "w") as file:
        file.write(text + "\n")
rules = json.dumps({"permissions": {"deny": ["Edit(./mine.txt)"]}})
done = run("claude", "--permission-mode", "acceptEdits", "--settings", rules, "-p", "Write the notes anew.")
assert done.returncode == 0, done.stdout + done.stderr
[transcript] = glob.glob("home/.claude/projects/*/*.jsonl")
with open(transcript) as file:
    lines = [json.loads(line) for line in file]
results = [line["toolUseResult"] for line in lines if "toolUseResult" in line]
kept = any(isinstance(result, dict) and result.get("originalFile") == "old notes\n" for result in results)
refused = any(isinstance(result, str) and "denied" in result for result in results)
print(f"rewritten by claude: notes.txt: {content('notes')}; the transcript has the earlier content: {kept}")
print(f"refused by claude:   mine.txt: {content('mine')}; error in the transcript: {refused}")
listed = run("ccundo", "list").stdout
print(f"ccundo lists:        {listed.count('file_create')} file_create")
undone = run("ccundo", "undo", "toolu_Write_2", "--yes")
deleted = sorted(re.findall(r"File deleted: \S*/(\S+)", undone.stdout))
left = " ".join(sorted(os.listdir("shop"))) or "nothing"
print(f"ccundo undo:         status {undone.returncode}, deleted: {' '.join(deleted)}; left in the folder: {left}")
EOF
python3 run.py | tee report
cat >expected <<'EOF'
rewritten by claude: notes.txt: new notes; the transcript has the earlier content: True
refused by claude:   mine.txt: my words; error in the transcript: True
ccundo lists:        2 file_create
ccundo undo:         status 0, deleted: mine.txt notes.txt; left in the folder: nothing
EOF
cmp report expected
