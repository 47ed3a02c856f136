#!/usr/bin/env bash
# npm @google/gemini-cli 0.61.0.
#
# `/chat resume TAG` goes on from a saved chat, and the model gets all of it. But the session records the saved chat in the form in
# which it was sent: with the context of the program and the person's first prompt as two parts of one record. The next
# `gemini --resume` takes that record for nothing but context and replaces it: the first prompt, which mostly has the task, is
# sent no more. What follows it stays. `/restore` writes the same record.
#
# Why it matters: `/chat save` and `/chat resume` are how people keep a conversation at a good point. One that is later resumed
# as a session, such as after a crash, answers to a task that it no longer has. A reader of the files must take apart
# what stands in one record.
#
# Seen (three requests to the model; (context) is what the program says of the directory, and | stands between messages):
#   before:                 (context) Write a rhyme about tea. | Tea for me. | Make it longer.
#   after /chat resume tea: (context) Write a rhyme about tea. | Tea for me. | And now in French.
#   after --resume:         (context) | Tea for me. | And now in French. | Du thé pour moi. | And in Latin?
#   in the session's file:  Write a rhyme about tea. stands 2 times
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p home/.gemini shop cli
npm install --silent --no-audit --no-fund --prefix cli @google/gemini-cli@0.61.0 >/dev/null
cat >run.py <<'EOF'
import fcntl, glob, http.server, json, os, pty, re, signal, struct, subprocess, termios, threading, time

work = os.path.realpath(os.getcwd())
answers = ["Tea for me.", "Tea for you and me.", "Du thé pour moi.", "Thea mihi."]
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        text = "Tea"
        if body.get("tools") and "streamGenerateContent" in self.path:
            requests.append(body)
            text = answers[len(requests) - 1]
        answer = {"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}]}
        answer["usageMetadata"] = {"promptTokenCount": 9, "candidatesTokenCount": 9, "totalTokenCount": 18}
        is_stream = "stream" in self.path
        data = f"data: {json.dumps(answer)}\n\n" if is_stream else json.dumps({**answer, "totalTokens": 9})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if is_stream else "application/json")
        self.end_headers()
        self.wfile.write(data.encode())


def said(body: dict) -> str:
    """The texts of a request, those of one message with a blank between them."""
    messages = []
    for content in body["contents"]:
        texts = [part.get("text", "") for part in content["parts"]]
        messages.append(" ".join("(context)" if text.startswith("<session_context>") else text for text in texts))
    return " | ".join(messages)


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"enableAutoUpdate": False}}
settings |= {"privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False}}
open("home/.gemini/settings.json", "w").write(json.dumps(settings))
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "GEMINI_API_KEY": "dummy", "TERM": "xterm-256color", "LANG": "C.UTF-8"}
environment |= {"GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}", "GEMINI_CLI_NO_RELAUNCH": "1"}
command = ["node", work + "/cli/node_modules/@google/gemini-cli/bundle/gemini.js", "--model", "gemini-2.5-flash", "--skip-trust"]

terminal, end = pty.openpty()
fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
gemini = subprocess.Popen(command, cwd=work + "/shop", env=environment, stdin=end, stdout=end, stderr=end, start_new_session=True)
os.close(end)
shown = bytearray()


def read() -> None:
    try:
        while data := os.read(terminal, 65536):
            shown.extend(data)
    except OSError:
        pass


threading.Thread(target=read, daemon=True).start()


def wait(holds, what: str) -> None:
    end = time.monotonic() + 90
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.1)
    time.sleep(2)


def enter(line: str) -> None:
    for character in line:
        os.write(terminal, character.encode())
        time.sleep(0.02)
    time.sleep(0.5)
    os.write(terminal, b"\r")


def session() -> str:
    """The text of the session's file."""
    return "".join(open(path).read() for path in glob.glob("home/.gemini/tmp/*/chats/session-*.jsonl"))


wait(lambda: b"Type your message" in shown, "the start")
enter("Write a rhyme about tea.")
wait(lambda: answers[0] in session(), "the first answer")
enter("/chat save tea")
wait(lambda: "saved with tag" in session(), "the checkpoint")
enter("Make it longer.")
wait(lambda: answers[1] in session(), "the second answer")
enter("/chat resume tea")
wait(lambda: session().count("rhyme about tea") >= 2, "the checkpoint in the session")
enter("And now in French.")
wait(lambda: answers[2] in session(), "the third answer")
os.killpg(gemini.pid, signal.SIGTERM)
gemini.wait()

count = len(re.findall(r'"(?:content|text)":"Write a rhyme about tea\."', re.sub(r'\{"\$set".*', "", session())))
[id] = set(re.findall(r'^\{"sessionId":"([^"]+)"', session(), re.MULTILINE))
common = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "timeout": 100}
subprocess.run([*command, "--resume", id, "--prompt", "And in Latin?"], check=True, cwd=work + "/shop", env=environment, **common)

print("before:                ", said(requests[1]))
print("after /chat resume tea:", said(requests[2]))
print("after --resume:        ", said(requests[3]))
print(f"in the session's file:  Write a rhyme about tea. stands {count} times")
EOF
python3 run.py | tee report
cat >expected <<'EOF'
before:                 (context) Write a rhyme about tea. | Tea for me. | Make it longer.
after /chat resume tea: (context) Write a rhyme about tea. | Tea for me. | And now in French.
after --resume:         (context) | Tea for me. | And now in French. | Du thé pour moi. | And in Latin?
in the session's file:  Write a rhyme about tea. stands 2 times
EOF
cmp report expected
