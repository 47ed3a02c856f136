#!/usr/bin/env bash
# npm @anthropic-ai/claude-code 2.1.332.
#
# /rewind with "Restore code and conversation" takes files back at once, but writes nothing of it into the transcript: the
# rewind is recorded only by the next prompt, as the parent of that line. When the program ends before one (/exit, a closed
# terminal, a crash), the last line of the file is still that of the turns that were undone, and last-prompt, which is
# written at the end, names it as well. The next --resume brings them all back, while the files stay taken back: the model
# is told that it wrote a file which is not there.
#
# Why it matters: people undo, stop for the day, and go on the next morning with what they had undone, and with a model whose
# idea of the files is wrong. No reader of transcripts can tell that the rewind ever happened.
#
# Seen (the texts of the first request after a resume; note.txt was written in the turn that was undone):
#   undone and quit: note.txt is gone; resumed: Prompt one | Answer 1. | Prompt two | It is written. | Prompt three
#   undone, one more prompt, and quit: note.txt is gone; resumed: Prompt one | Answer 1. | Prompt again | Answer 4. | Prompt three
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
cat >run.py <<'EOF'
import fcntl, glob, http.server, json, os, pty, re, select, shutil, signal, struct, subprocess, termios, threading, time

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        talk = bool(body.get("tools"))
        if talk:
            requests.append(body)
        last = json.dumps(body["messages"][-1:])
        writes = talk and "Prompt two" in last and "tool_result" not in last
        text = "title" if not talk else "It is written." if "tool_result" in last else f"Answer {len(requests)}."
        block = {"type": "text", "text": ""}
        delta = {"type": "text_delta", "text": text}
        if writes:
            block = {"type": "tool_use", "id": f"toolu_{time.time_ns()}", "name": "Write", "input": {}}
            given = json.dumps({"file_path": work + "/shop/note.txt", "content": "Mint 2"})
            delta = {"type": "input_json_delta", "partial_json": given}
        message = {"id": f"msg_{time.time_ns()}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        events = [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use" if writes else "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "IS_SANDBOX": "1", "LANG": "C.UTF-8", "TERM": "xterm-256color"}
environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
environment |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}
[claude] = glob.glob("cli/node_modules/.bin/claude")
claude = os.path.abspath(claude)


class Terminal:
    def __init__(self):
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.chdir("shop")
            os.execvpe(claude, [claude, "--model", "sonnet", "--dangerously-skip-permissions"], environment)
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
            if re.fullmatch(r"Prompt \w+|Answer \d+\.|It is written\.", text):
                found.append(text)
    return " | ".join(found)


def undone(goes_on):
    """Undo the second of two prompts, and quit; what the next resume sends."""
    for folder in ("home", "shop"):
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
    os.mkdir("home/.claude")
    with open("home/.claude.json", "w") as file:
        approved = {"approved": ["dummy"], "rejected": []}
        projects = {work + "/shop": {"hasTrustDialogAccepted": True}}
        json.dump({"hasCompletedOnboarding": True, "theme": "dark", "customApiKeyResponses": approved, "projects": projects}, file)
    with open("home/.claude/settings.json", "w") as file:
        json.dump({"skipDangerousModePermissionPrompt": True}, file)
    requests.clear()
    terminal = Terminal()
    terminal.read(8)
    terminal.line("Prompt one", lambda: '"text":"Answer 1."' in stored())
    terminal.line("Prompt two", lambda: '"text":"It is written."' in stored())
    assert os.path.exists("shop/note.txt")
    terminal.line("/rewind", lambda: True)
    terminal.type("\x1b[A")
    terminal.type("\r")
    terminal.read(3)
    # The first choice: code and conversation.
    terminal.line("", lambda: not os.path.exists("shop/note.txt"))
    # The prompt that was taken back stands in the input.
    terminal.type("\x15")
    if goes_on:
        terminal.line("Prompt again", lambda: '"text":"Answer 4."' in stored())
    terminal.line("/exit", lambda: True)
    terminal.read(5)
    os.kill(terminal.pid, signal.SIGKILL)
    os.waitpid(terminal.pid, 0)
    [session] = glob.glob("home/.claude/projects/*/*.jsonl")
    count = len(requests)
    resume = [claude, "-p", "--model", "sonnet", "--resume", os.path.basename(session)[:-6], "Prompt three"]
    common = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "timeout": 60}
    subprocess.run(resume, check=True, cwd="shop", env=environment, **common)
    gone = "there" if os.path.exists("shop/note.txt") else "gone"
    return f"note.txt is {gone}; resumed: {texts(requests[count])}"


print("undone and quit:", undone(False))
print("undone, one more prompt, and quit:", undone(True))
EOF
python3 run.py | tee report
cat >expected <<'EOF'
undone and quit: note.txt is gone; resumed: Prompt one | Answer 1. | Prompt two | It is written. | Prompt three
undone, one more prompt, and quit: note.txt is gone; resumed: Prompt one | Answer 1. | Prompt again | Answer 4. | Prompt three
EOF
cmp report expected
