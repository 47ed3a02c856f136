#!/usr/bin/env bash
# npm @google/gemini-cli 0.61.0.
#
# The documentation in the package says of /rewind: "Rewind works across chat compression points by reconstructing the history
# from stored session data." After /compress, /rewind offers none of the prompts that were summarized, although the session's
# file has them all. In their place it offers the summary as if a person had written it. Whoever takes it, as the oldest point
# of the conversation that is offered, gets it into the input line, and out of the conversation: the model then knows nothing
# of what was said.
#
# Why it matters: a long session is compressed without being asked (`model.compressionThreshold`), and then a mistake from before
# cannot be undone any more, neither the words nor the files. A reader of the files finds a rewind to a record that nobody wrote.
#
# Seen ((context) and (summary) are texts of the program, and | stands between entries or messages):
#   documented: Rewind works across chat compression points
#   offered before /compress: (context) | Price of mint | Price of black | Price of green
#   offered after /compress:  (context) | (summary) | Price of green | Price of white
#   in the session's file:    Price of mint | Price of black | Price of green | Price of white
#   sent after a rewind to (summary): Price of oolong
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p home/.gemini shop cli
npm install --silent --no-audit --no-fund --prefix cli @google/gemini-cli@0.61.0 >/dev/null
cat >run.py <<'EOF2'
import fcntl, glob, http.server, json, os, pty, re, select, signal, struct, subprocess, termios, threading, time

work = os.path.realpath(os.getcwd())
SUMMARY = "Teas were priced."
TEAS = ["mint", "black", "green", "white", "oolong"]
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        text = SUMMARY
        if body.get("tools") and "streamGenerateContent" in self.path:
            requests.append(body)
            # Long, and without repetitions, so that a summary is shorter.
            text = f"It costs {len(requests)}. " + " ".join(str(number * 7919 % 9973) for number in range(150))
        answer = {"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}]}
        answer["usageMetadata"] = {"promptTokenCount": 1200, "candidatesTokenCount": 9, "totalTokenCount": 1209}
        is_stream = "stream" in self.path
        data = f"data: {json.dumps(answer)}\n\n" if is_stream else json.dumps({**answer, "totalTokens": 9})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if is_stream else "application/json")
        self.end_headers()
        self.wfile.write(data.encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"enableAutoUpdate": False}}
settings |= {"privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False}}
with open("home/.gemini/settings.json", "w") as file:
    json.dump(settings, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "GEMINI_API_KEY": "dummy", "TERM": "xterm-256color", "LANG": "C.UTF-8"}
environment |= {"GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}", "GEMINI_CLI_NO_RELAUNCH": "1"}
package = work + "/cli/node_modules/@google/gemini-cli/bundle/"
terminal, end = pty.openpty()
fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
command = ["node", package + "gemini.js", "--model", "gemini-2.5-flash", "--skip-trust"]
gemini = subprocess.Popen(command, cwd="shop", env=environment, stdin=end, stdout=end, stderr=end, start_new_session=True)
os.close(end)


def read(seconds, until=lambda shown: False):
    """What the terminal shows in some seconds, or before a condition holds."""
    end, shown = time.time() + seconds, ""
    while time.time() < end and not until(shown):
        if select.select([terminal], [], [], 0.1)[0]:
            shown += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", os.read(terminal, 65536).decode(errors="replace"))
    return shown


def press(keys, seconds=2):
    os.write(terminal, keys.encode())
    return read(seconds)


def enter(line):
    for character in line:
        press(character, 0.03)
    read(1)
    os.write(terminal, b"\r")


def ask(tea):
    count = len(requests)
    enter(f"Price of {tea}")
    read(90, lambda _: len(requests) > count)
    read(5)


def stored():
    return "".join(open(path).read() for path in glob.glob("home/.gemini/tmp/*/chats/session-*.jsonl"))


def offered():
    """The entries of /rewind, which stay open."""
    enter("/rewind")
    shown = read(60, lambda shown: "Stay at current position" in shown) + read(2)
    lines = [line.strip("│ ●\r") for line in shown.rpartition("> Rewind")[2].split("\n")]
    names = {"<session_context>": "(context)", SUMMARY: "(summary)"}
    return " | ".join(names.get(line, line) for line in lines if line in names or line.startswith("Price of"))


with open(package + "docs/cli/rewind.md") as file:
    documented = "Rewind works across chat compression points"
    print("documented:", documented if documented in " ".join(file.read().split()) else "nothing of compressions")
read(90, lambda shown: "Type your message" in shown)
read(5)
for tea in TEAS[:3]:
    ask(tea)
print("offered before /compress:", offered())
press("\x1b")
enter("/compress")
read(90, lambda _: SUMMARY in stored())
read(5)
ask(TEAS[3])
print("offered after /compress: ", offered())
print("in the session's file:   ", " | ".join(f"Price of {tea}" for tea in TEAS if f'"Price of {tea}"' in stored()))
for _ in range(3):
    press("\x1b[A")
press("\r", 4)
press("\r", 4)
# What stands in the input line now is deleted.
press("\x15")
ask(TEAS[4])
os.killpg(gemini.pid, signal.SIGKILL)
gemini.wait()
texts = ["".join(part.get("text", "") for part in content["parts"]) for content in requests[-1]["contents"]]
parts = [re.sub(r"(?s)<session_context>.*</session_context>", "(context) | ", text).strip() for text in texts]
print("sent after a rewind to (summary):", re.sub(r"[ |]*\| ", " | ", " | ".join(parts)))
EOF2
python3 run.py | tee report
cat >expected <<'EOF2'
documented: Rewind works across chat compression points
offered before /compress: (context) | Price of mint | Price of black | Price of green
offered after /compress:  (context) | (summary) | Price of green | Price of white
in the session's file:    Price of mint | Price of black | Price of green | Price of white
sent after a rewind to (summary): Price of oolong
EOF2
cmp report expected
