#!/usr/bin/env bash
# npm @qwen-code/qwen-code 0.24.4.
#
# In the terminal, /branch ("Fork the current conversation into a new session") and /fork ("Spawn a background agent that
# inherits the full conversation") are refused whenever they are typed: "Cannot branch while a response or tool call is in
# progress", in a session that was just resumed, too, in which the model was asked nothing. The command itself counts as the
# response in progress. The same session is forked from the command line by --resume and --fork-session.
#
# Why it matters: people who want to try something aside wait for an end that never comes. Tools that expect the sessions and
# agents that these commands would make will meet none from this version.
#
# Seen:
#   requests to the model in the terminal: 0
#   /branch tea: refused, as if a response was in progress
#   /fork count the teas: refused, as if a response was in progress
#   sessions after both: 1
#   sessions after --fork-session: 2
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.qwen shop
npm install --silent --no-audit --no-fund --prefix cli @qwen-code/qwen-code@0.24.4 >/dev/null
cat >run.py <<'EOF2'
import fcntl, glob, http.server, json, os, pty, re, select, signal, struct, subprocess, termios, threading, time

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        requests.append(body)
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
        delta = {"role": "assistant", "content": "Answer."}
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
settings |= {"memory": {"enableManagedAutoMemory": False}}
with open("home/.qwen/settings.json", "w") as file:
    json.dump(settings, file)
with open("home/.qwen/trustedFolders.json", "w") as file:
    json.dump({work + "/shop": "TRUST_FOLDER"}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "LANG": "C.UTF-8", "TERM": "xterm-256color"}
environment |= {"OPENAI_API_KEY": "dummy", "OPENAI_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}/v1"}
command = ["node", work + "/cli/node_modules/@qwen-code/qwen-code/cli-entry.js", "--auth-type", "openai", "--model", "qwen3-coder-plus"]


def run(*options):
    subprocess.run([*command, *options], cwd="shop", env=environment, check=True, capture_output=True, timeout=120)


def sessions():
    return glob.glob("home/.qwen/projects/*/chats/*.jsonl")


def read(seconds, until=""):
    """Read what the terminal shows, at most for some seconds; stop where a text was shown."""
    end = time.time() + seconds
    shown = ""
    while time.time() < end and (not until or until not in shown):
        if select.select([terminal], [], [], 0.1)[0]:
            shown += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", os.read(terminal, 65536).decode(errors="replace"))
    return shown


run("--prompt", "Name the teas.")
[file] = sessions()
session = os.path.basename(file).removesuffix(".jsonl")
asked = len(requests)
process, terminal = pty.fork()
if process == 0:
    os.chdir("shop")
    os.execvpe(command[0], [*command, "--resume", session], environment)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
read(60, "Type your message")
read(10)
answers = {}
for typed, refusal in (("/branch tea", "Cannot branch while a response"), ("/fork count the teas", "Cannot fork while a response")):
    os.write(terminal, typed.encode())
    read(2)
    os.write(terminal, b"\r")
    answers[typed] = "refused, as if a response was in progress" if refusal in read(15, refusal) else "taken"
    read(2)
print("requests to the model in the terminal:", len(requests) - asked)
os.kill(process, signal.SIGKILL)
os.waitpid(process, 0)
for typed, answer in answers.items():
    print(f"{typed}: {answer}")
print("sessions after both:", len(sessions()))
run("--resume", session, "--fork-session", "--prompt", "And the coffees?")
print("sessions after --fork-session:", len(sessions()))
EOF2
python3 run.py | tee report
cat >expected <<'EOF2'
requests to the model in the terminal: 0
/branch tea: refused, as if a response was in progress
/fork count the teas: refused, as if a response was in progress
sessions after both: 1
sessions after --fork-session: 2
EOF2
cmp report expected
