#!/usr/bin/env bash
# PyPI claude-file-recovery 0.2.0, with npm @anthropic-ai/claude-code 2.1.332.
#
# `claude-file-recovery extract-files` writes files again from the transcripts of Claude Code, by its calls:
# - a Write or an Edit that Claude Code refused is carried out in the recovered file. It is marked as an error when the
#   transcript is read, but the replay does not look at the mark;
# - of a file that was only read, each line begins with its number and a tab, as Claude Code gives lines to its model. The
#   tool looks for the arrow that older versions had there. The transcript has the file without numbers
#   (`toolUseResult.file.content`).
# `list-files` calls each of these files "Full", and `extract-files` reports no failure, with exit status 0.
#
# Why it matters: somebody who has lost files gets contents that no file ever had, and may put them in the place of older
# backups: settings that Claude Code was kept from changing have what it wanted to write.
#
# The session is made by the program itself, against a model server on the loopback.
#
# Seen (| stands between lines):
#   on the disk:  mine.txt: my words | twice.txt: x | x | read.txt: one | two | edited.txt: pears
#   extract:      status 0; 4 extracted, 0 skipped (no content), 0 failed.
#   recovered:    mine.txt: words of claude | twice.txt: 1 y | 2 x | 3 | read.txt: 1 one | 2 two | 3 | edited.txt: pears
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop/.claude
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check claude-file-recovery==0.2.0
echo '{"permissions": {"deny": ["Edit(mine.txt)", "Write(mine.txt)"]}}' >shop/.claude/settings.json
printf 'my words\n' >shop/mine.txt
printf 'x\nx\n' >shop/twice.txt
printf 'one\ntwo\n' >shop/read.txt
printf 'plums\n' >shop/edited.txt
cat >run.py <<'EOF'
import http.server, json, os, re, subprocess, threading

work = os.path.realpath(os.getcwd())
NAMES = ("mine.txt", "twice.txt", "read.txt", "edited.txt")


def edit(name: str, old: str, new: str) -> tuple[str, dict]:
    return "Edit", {"file_path": f"{work}/shop/{name}", "old_string": old, "new_string": new}


calls = [[("Read", {"file_path": f"{work}/shop/{name}"}) for name in NAMES]]
calls.append([("Write", {"file_path": f"{work}/shop/mine.txt", "content": "words of claude\n"})])
# The program refuses this one, since the text is there twice.
calls.append([edit("twice.txt", "x", "y")])
calls.append([edit("edited.txt", "plums", "pears")])


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        made = calls.pop(0) if calls else []
        blocks = [({"type": "text", "text": ""}, {"type": "text_delta", "text": "Done."})]
        if made:
            ids = [f"toolu_{len(calls)}_{index}" for index in range(len(made))]
            starts = [{"type": "tool_use", "id": id, "name": name, "input": {}} for id, (name, _) in zip(ids, made)]
            deltas = [{"type": "input_json_delta", "partial_json": json.dumps(given)} for _, given in made]
            blocks = list(zip(starts, deltas))
        message = {"id": f"msg_{len(calls)}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        events = [{"type": "message_start", "message": message}]
        for index, (block, delta) in enumerate(blocks):
            events.append({"type": "content_block_start", "index": index, "content_block": block})
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
            events.append({"type": "content_block_stop", "index": index})
        reason = "tool_use" if made else "end_turn"
        events.append({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 5}})
        events.append({"type": "message_stop"})
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


def run(*command: str) -> subprocess.CompletedProcess:
    command = ["timeout", "60", f"{work}/{command[0]}", *command[1:]]
    common = {"env": environment, "cwd": f"{work}/shop", "stdin": subprocess.DEVNULL}
    return subprocess.run(command, capture_output=True, text=True, **common)


def contents(folder: str) -> str:
    """The lines of the files, with a blank for a tab."""
    texts = {name: open(f"{folder}/{name}").read().expandtabs(1).strip() for name in NAMES}
    return " | ".join(f"{name}: {text}" for name, text in texts.items()).replace(" \n", "\n").replace("\n", " | ")


run("cli/node_modules/.bin/claude", "--dangerously-skip-permissions", "-p", "Tidy up.").check_returncode()
print("on the disk: ", contents(f"{work}/shop"))
done = run("py/bin/claude-file-recovery", "--claude-dir", f"{work}/home/.claude", "extract-files", "--output", f"{work}/out")
report = re.search(r"\d+ extracted.*", done.stdout)[0]
print(f"extract:      status {done.returncode}; {report}")
print("recovered:   ", contents(f"{work}/out{work}/shop"))
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
on the disk:  mine.txt: my words | twice.txt: x | x | read.txt: one | two | edited.txt: pears
extract:      status 0; 4 extracted, 0 skipped (no content), 0 failed.
recovered:    mine.txt: words of claude | twice.txt: 1 y | 2 x | 3 | read.txt: 1 one | 2 two | 3 | edited.txt: pears
EOF
cmp report expected
