#!/usr/bin/env bash
# PyPI cozempic 1.8.39, with npm @anthropic-ai/claude-code 2.1.332.
#
# `cozempic treat SESSION -rx gentle --execute` makes a transcript of Claude Code smaller in its place. The strategy
# compact-summary-collapse, which is in each prescription, removes "all pre-compaction messages (already in the summary)".
# Not all of them are in the summary: a compaction keeps messages, which the next resume sends behind the summary. Their lines
# stand before the boundary, which names them by `compactMetadata.preservedMessages`. After a compaction in the middle of the work,
# one of them is the prompt that the program was about to answer.
#
# cozempic knows of this and documents in its code that it skips sessions whose boundary has `hasPreservedSegment`. No boundary of
# this version of Claude Code has that field, so it skips none: the answer is sent to the model without the prompt, and the
# transcript on the disk has it no longer. The report says what was removed by count, and names no such loss.
#
# Why it matters: "gentle" is said to be of minimal risk, and the guard that the hooks of cozempic start with each session
# applies it by itself. The prompt is still in the file `.jsonl.bak` beside the transcript, until a clean-up of such files.
#
# All sessions are made by the program itself, against a model server on the loopback.
#
# Seen:
#   kept by the compaction: plums answer, third grapes; hasPreservedSegment: False
#   sent before: summary, third grapes, grapes answer, next
#   gentle: collapsed: True; prompts of the user in the transcript: 3 -> 0
#   sent after: summary, grapes answer, next
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check cozempic==1.8.39
cat >run.py <<'EOF'
import glob, http.server, json, os, shutil, subprocess, threading

work = os.path.realpath(os.getcwd())
requests = []
answers = []
# Tokens that make the program compact before its next request.
spent = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        requests.append(body)
        number = len(requests)
        usage = {"input_tokens": spent.pop(0) if spent else 10, "output_tokens": 5}
        message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": usage}
        delta = {"type": "text_delta", "text": answers.pop(0)}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in (
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ):
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()


def run(*command: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": f"{work}/home", "NO_COLOR": "1"}
    environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
    environment |= {"DISABLE_AUTOUPDATER": "1", "IS_SANDBOX": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    environment |= {"COZEMPIC_NO_GLOBAL_INIT": "1", "COZEMPIC_NO_AUTO_UPDATE": "1"}
    command = ["timeout", "60", f"{work}/{command[0]}", *command[1:]]
    common = {"env": environment, "cwd": f"{work}/shop", "stdin": subprocess.DEVNULL}
    done = subprocess.run(command, capture_output=True, text=True, **common)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ask(prompt: str, *replies: str, session: str = "") -> str:
    """Run one turn, and tell what the model was sent last."""
    answers[:] = replies
    run("cli/node_modules/.bin/claude", *(["--resume", session] if session else []), "-p", prompt)
    sent = json.dumps(requests[-1]["messages"])
    words = {"SUMMARY": "summary", "third grapes": "third grapes", "grapes answer": "grapes answer", "next": "next"}
    return ", ".join(name for text, name in words.items() if text in sent)


def lines() -> list[dict]:
    with open(transcript) as file:
        return [json.loads(line) for line in file]


def prompts() -> int:
    wanted = ("first pears", "second plums", "third grapes")
    contents = [line["message"]["content"] for line in lines() if line["type"] == "user"]
    return sum(any(prompt in json.dumps(content) for content in contents) for prompt in wanted)


ask("first pears", "pears answer")
[transcript] = glob.glob(f"{work}/home/.claude/projects/*/*.jsonl")
session = os.path.basename(transcript)[:-6]
spent.append(990_000)
ask("second plums", "plums answer", session=session)
ask("third grapes", "<summary>SUMMARY of the fruit.</summary>", "grapes answer", session=session)

[boundary] = [line for line in lines() if line.get("subtype") == "compact_boundary"]
kept = boundary["compactMetadata"]["preservedMessages"]["uuids"]
texts = {line["uuid"]: json.dumps(line.get("message", "")) for line in lines() if line.get("uuid") in kept}
named = [text for uuid in kept for text in ("plums answer", "third grapes") if text in texts[uuid]]
print(f"kept by the compaction: {', '.join(named)}; hasPreservedSegment: {'hasPreservedSegment' in boundary}")

shutil.copy(transcript, "before")
print("sent before:", ask("next", "ok", session=session))
shutil.copy("before", transcript)
count = prompts()
report = run("py/bin/cozempic", "treat", session, "-rx", "gentle", "--execute")
collapsed = "compact-summary-collapse" in report
print(f"gentle: collapsed: {collapsed}; prompts of the user in the transcript: {count} -> {prompts()}")
print("sent after:", ask("next", "ok", session=session))
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
kept by the compaction: plums answer, third grapes; hasPreservedSegment: False
sent before: summary, third grapes, grapes answer, next
gentle: collapsed: True; prompts of the user in the transcript: 3 -> 0
sent after: summary, grapes answer, next
EOF
cmp report expected
