#!/usr/bin/env bash
# PyPI claude-rescue 0.2.1, with npm @anthropic-ai/claude-code 2.1.332.
#
# `claude-rescue diagnose` calls a session "fragmented" that has more than one line without an answer behind it. It names
# these lines roots, but they are ends: the results of calls that were made at once, what a rewind took back, and what was
# said before a compaction. A session that Claude Code wrote without any trouble is fragmented as soon as two tools ran at
# once. `claude-rescue recover-all` then recovers sessions that were compacted: it keeps the lines behind the last
# compaction and drops all others, with `--in-place` from the transcript itself. Among these are the messages that the
# compaction kept, which the next resume would have sent: the prompt that was being answered is lost to the model.
#
# Why it matters: a person who looks for help with one damaged session cuts off the beginning of every session that was ever
# compacted. The report says how many entries were recovered, and not that any were dropped. The whole file is in
# `.jsonl.bak`.
#
# All sessions are made by the program itself, against a model server on the loopback.
#
# Seen:
#   diagnose: one text: healthy; two calls at once: fragmented; compacted: fragmented
#   recover-all --in-place: 1 recovered, 2 skipped; prompts in the transcript 4 -> 1
#   claude sent before: summary plums grapes figs next
#   claude sends after: summary figs next
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check claude-rescue==0.2.1
cat >run.py <<'EOF'
import glob, http.server, json, os, re, shutil, subprocess, threading

work = os.path.realpath(os.getcwd())
requests, answers = [], []
PROMPTS = ("first pears", "second plums", "third grapes", "fourth figs")


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        requests.append(body)
        number = len(requests)
        answer = answers.pop(0)
        # Tokens that make the program compact before its next request.
        tokens = 990_000 if answer == "plums answer" else 10
        if answer == "two calls":
            calls = [{"type": "tool_use", "id": f"toolu_{word}", "name": "Bash", "input": {}} for word in ("one", "two")]
            arguments = [json.dumps({"command": f"echo {call['id']}", "description": "Say it"}) for call in calls]
            blocks = [(call, {"type": "input_json_delta", "partial_json": text}) for call, text in zip(calls, arguments)]
        else:
            blocks = [({"type": "text", "text": ""}, {"type": "text_delta", "text": answer})]
        message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": tokens, "output_tokens": 5}}
        events = [{"type": "message_start", "message": message}]
        for index, (block, delta) in enumerate(blocks):
            events.append({"type": "content_block_start", "index": index, "content_block": block})
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
            events.append({"type": "content_block_stop", "index": index})
        reason = "tool_use" if answer == "two calls" else "end_turn"
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


def run(*command: str) -> str:
    command = ["timeout", "60", f"{work}/{command[0]}", *command[1:]]
    common = {"env": environment, "cwd": f"{work}/shop", "stdin": subprocess.DEVNULL}
    done = subprocess.run(command, capture_output=True, text=True, **common)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def claude(prompt: str, *replies: str, session: str = "") -> str:
    """Run one turn with these replies of the model, and give the session's id."""
    answers[:] = replies
    options = ["--resume", session] if session else []
    program = "cli/node_modules/.bin/claude"
    said = run(program, "--dangerously-skip-permissions", *options, "--output-format", "json", "-p", prompt)
    return json.loads(said)["session_id"]


def sent() -> str:
    """What the model is sent of the compacted session for a next prompt, which is taken back."""
    shutil.copy(transcript, "kept")
    claude("next", "ok", session=compacted)
    shutil.copy("kept", transcript)
    text = json.dumps(requests[-1]["messages"])
    words = {"SUMMARY": "summary", "plums answer": "plums", "third grapes": "grapes", "fourth figs": "figs", "next": "next"}
    return " ".join(name for said, name in words.items() if said in text)


def prompts() -> int:
    with open(transcript) as file:
        said = [line["message"]["content"] for line in map(json.loads, file) if line["type"] == "user"]
    return sum(content in PROMPTS for content in said)


single = claude("Say a word.", "Word.")
parallel = claude("Run two commands.", "two calls", "Done.")
compacted = claude(PROMPTS[0], "pears answer")
claude(PROMPTS[1], "plums answer", session=compacted)
claude(PROMPTS[2], "<summary>SUMMARY of the fruit.</summary>", "grapes answer", session=compacted)
claude(PROMPTS[3], "figs answer", session=compacted)
[transcript] = glob.glob(f"{work}/home/.claude/projects/*/{compacted}.jsonl")
folder = os.path.dirname(transcript)

table = run("py/bin/claude-rescue", "diagnose", folder)
names = {single: "one text", parallel: "two calls at once", compacted: "compacted"}
states = [f"{name}: {re.search(id + r'.*?(healthy|fragmented|corrupted)', table)[1]}" for id, name in names.items()]
print("diagnose:", "; ".join(states))
before, count = sent(), prompts()
report = run("py/bin/claude-rescue", "recover-all", "--in-place", folder)
done = re.search(r"\d+ recovered, \d+ skipped", report).group()
print(f"recover-all --in-place: {done}; prompts in the transcript {count} -> {prompts()}")
print("claude sent before:", before)
print("claude sends after:", sent())
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
diagnose: one text: healthy; two calls at once: fragmented; compacted: fragmented
recover-all --in-place: 1 recovered, 2 skipped; prompts in the transcript 4 -> 1
claude sent before: summary plums grapes figs next
claude sends after: summary figs next
EOF
cmp report expected
