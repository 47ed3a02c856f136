#!/usr/bin/env bash
# npm @anthropic-ai/claude-code 2.1.332.
#
# /rewind to a prompt before a compaction works while the program runs: the next request holds only what was said before that
# prompt. The transcript has it right, too: the new prompt is the child of the answer before the rewind. But the next
# --resume begins at the last compact_boundary of the file, whether the chain of lines leads there or not: the model gets the
# summary of the turns that were taken back and the answer that this compaction kept, then the new prompt; and what was said
# before the rewind, and was kept by the person, is missing.
#
# Why it matters: the model goes on from what was undone, without a word to the person. Readers of transcripts that follow
# parentUuid and those that cut at the last boundary show two conversations of one session.
#
# Seen, the texts of the first request after each step:
#   after the rewind: Prompt one | Answer 1. | Prompt three
#   after a resume:   SUMMARY | Answer 2. | Prompt three | Answer 4. | Prompt four
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p home shop cli
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
cat >run.py <<'EOF'
import fcntl, glob, http.server, json, os, pty, re, select, signal, struct, subprocess, termios, threading, time

work = os.getcwd()
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        talk = bool(body.get("tools"))
        if talk:
            requests.append(body)
        number = len(requests)
        summarizes = "<summary>" in json.dumps(body["messages"][-1:])
        text = "<summary>They talked.</summary>" if summarizes else f"Answer {number}." if talk else "title"
        message = {"id": f"msg_{time.time_ns()}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        events = [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
shop = os.path.realpath("shop")
with open("home/.claude.json", "w") as file:
    approved = {"approved": ["dummy"], "rejected": []}
    projects = {shop: {"hasTrustDialogAccepted": True}}
    json.dump({"hasCompletedOnboarding": True, "theme": "dark", "customApiKeyResponses": approved, "projects": projects}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "LANG": "C.UTF-8", "TERM": "xterm-256color"}
environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
environment |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}
[claude] = glob.glob("cli/node_modules/.bin/claude")
claude = os.path.abspath(claude)


class Terminal:
    def __init__(self):
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.chdir(shop)
            os.execvpe(claude, [claude, "--model", "sonnet"], environment)
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        self.shown = b""

    def read(self, seconds):
        end = time.time() + seconds
        while time.time() < end:
            if select.select([self.file], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self.file, 65536)
                except OSError:
                    return

    def type(self, text):
        os.write(self.file, text.encode())
        self.read(1)

    def line(self, text, until):
        """Type a line, and wait until its effect is there."""
        self.type(text)
        self.type("\r")
        end = time.time() + 60
        while not until():
            assert time.time() < end, self.shown[-3000:]
            self.read(0.3)
        self.read(2)


def stored():
    return "".join(open(file).read() for file in glob.glob("home/.claude/projects/*/*.jsonl"))


def texts(request):
    found = []
    for message in request["messages"]:
        content = message["content"]
        for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            text = block.get("text", "").strip()
            if text.startswith("This session is being continued"):
                found.append("SUMMARY")
            elif re.fullmatch(r"Prompt \w+|Answer \d+\.", text):
                found.append(text)
    return " | ".join(found)


terminal = Terminal()
terminal.read(8)
terminal.line("Prompt one", lambda: '"text":"Answer 1."' in stored())
terminal.line("Prompt two", lambda: '"text":"Answer 2."' in stored())
terminal.line("/compact", lambda: "Compacted" in stored())
terminal.line("/rewind", lambda: True)
# From the present upwards: /compact, Prompt two.
terminal.type("\x1b[A")
terminal.type("\x1b[A")
terminal.type("\r")
terminal.read(3)
terminal.type("\r")
terminal.read(3)
# The prompt that was taken back stands in the input.
terminal.type("\x15")
count = len(requests)
terminal.line("Prompt three", lambda: len(requests) > count and f'"text":"Answer {count + 1}."' in stored())
print("after the rewind:", texts(requests[count]))
terminal.line("/exit", lambda: True)
terminal.read(5)
os.kill(terminal.pid, signal.SIGKILL)
os.waitpid(terminal.pid, 0)
[session] = glob.glob("home/.claude/projects/*/*.jsonl")
count = len(requests)
resume = [claude, "-p", "--model", "sonnet", "--resume", os.path.basename(session)[:-6], "Prompt four"]
subprocess.run(resume, check=True, cwd=shop, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)
print("after a resume:  ", texts(requests[count]))
EOF
python3 run.py | tee report
cat >expected <<'EOF'
after the rewind: Prompt one | Answer 1. | Prompt three
after a resume:   SUMMARY | Answer 2. | Prompt three | Answer 4. | Prompt four
EOF
cmp report expected
