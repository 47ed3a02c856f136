#!/usr/bin/env bash
# npm @google/gemini-cli 0.61.0.
#
# The documentation in the package says of `tools.shell.backgroundCompletionBehavior`: "'inject': automatically returns output to
# agent". With this setting, the output of a command that ran in the background is never sent, neither when it ends nor with the
# next prompt. It is sent only if `experimental.modelSteering` is on as well, which is a setting for what a person types while
# the model works: then it is sent, and recorded in the session, as an update by the user, in the tags around a person's words,
# and all its lines are one line.
#
# Why it matters: an agent that waits for the end of a build hears nothing of it. With both settings, a model is told to change
# its plan as the user wants where a command only printed something, and cannot tell lines apart, such as those of Python.
# Readers of sessions take the output for a prompt of the person.
#
# Seen ($ stands for the end of a line):
#   documented: automatically returns output to agent
#   the output: if hot:$    brew()$serve()$
#   sent with 'inject': nothing
#   sent with 'inject' and model steering: if hot: brew() serve()
#   sent as: User steering update:$<user_input>$
#   recorded as: user
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli
npm install --silent --no-audit --no-fund --prefix cli @google/gemini-cli@0.61.0 >/dev/null
cat >run.py <<'EOF2'
import fcntl, glob, http.server, json, os, pty, select, signal, struct, subprocess, termios, threading, time

work = os.path.realpath(os.getcwd())
OUTPUT = "if hot:\n    brew()\nserve()\n"
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        part = {"text": "Yes."}
        if body.get("tools") and "streamGenerateContent" in self.path:
            requests.append(body["contents"])
            if len(requests) == 1:
                command = {"command": "sleep 3; cat recipe.py; touch ended", "description": "Brew", "is_background": True}
                part = {"functionCall": {"name": "run_shell_command", "args": command}}
        answer = {"candidates": [{"index": 0, "content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}]}
        answer["usageMetadata"] = {"promptTokenCount": 1200, "candidatesTokenCount": 9, "totalTokenCount": 1209}
        is_stream = "stream" in self.path
        data = f"data: {json.dumps(answer)}\n\n" if is_stream else json.dumps({**answer, "totalTokens": 9})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if is_stream else "application/json")
        self.end_headers()
        self.wfile.write(data.encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
package = work + "/cli/node_modules/@google/gemini-cli/bundle/"


def session(name, **more):
    """A session in a terminal, in which the model starts the command, and a second prompt follows after its end.

    Returns the texts of the user's that have the output, as they were sent, and the types of the records with them.
    """
    requests.clear()
    os.makedirs(f"{name}/.gemini")
    os.makedirs(f"{name}/shop")
    with open(f"{name}/shop/recipe.py", "w") as file:
        file.write(OUTPUT)
    settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"enableAutoUpdate": False}, **more}
    settings |= {"privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False}}
    settings["tools"] = {"shell": {"backgroundCompletionBehavior": "inject"}}
    with open(f"{name}/.gemini/settings.json", "w") as file:
        json.dump(settings, file)
    environment = {"PATH": os.environ["PATH"], "HOME": f"{work}/{name}", "GEMINI_API_KEY": "dummy", "LANG": "C.UTF-8"}
    environment |= {"GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
    environment |= {"GEMINI_CLI_NO_RELAUNCH": "1", "TERM": "xterm-256color"}
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    command = ["node", package + "gemini.js", "--model", "gemini-2.5-flash", "--skip-trust", "--yolo"]
    gemini = subprocess.Popen(
        command, cwd=f"{name}/shop", env=environment, stdin=end, stdout=end, stderr=end, start_new_session=True
    )
    os.close(end)

    def read(seconds, until=lambda shown: False):
        """What the terminal shows in some seconds, or before a condition holds."""
        end, shown = time.time() + seconds, ""
        while time.time() < end and not until(shown):
            if select.select([terminal], [], [], 0.1)[0]:
                shown += os.read(terminal, 65536).decode(errors="replace")
        return shown

    def ask(prompt):
        for character in prompt:
            os.write(terminal, character.encode())
            read(0.03)
        read(1)
        os.write(terminal, b"\r")
        read(60, lambda _: any(prompt in json.dumps(contents) for contents in requests))
        read(3)

    read(90, lambda shown: "Type your message" in shown)
    read(5)
    ask("Brew it.")
    read(90, lambda _: os.path.exists(f"{name}/shop/ended"))
    read(10)
    ask("Is it ready?")
    os.killpg(gemini.pid, signal.SIGKILL)
    gemini.wait()
    texts = [part.get("text", "") for content in requests[-1] if content["role"] == "user" for part in content["parts"]]
    [path] = glob.glob(f"{name}/.gemini/tmp/*/chats/session-*.jsonl")
    records = [json.loads(line) for line in open(path)]
    kinds = {record["type"] for record in records if "type" in record and "brew()" in json.dumps(record["content"])}
    return [text for text in texts if "brew()" in text], kinds


def shown(text):
    return text.replace("\n", "$")


documented = "automatically returns output to agent"
with open(package + "docs/reference/configuration.md") as file:
    print("documented:", documented if documented in " ".join(file.read().split()) else "something else")
print("the output:", shown(OUTPUT))
texts, _ = session("first")
print("sent with 'inject':", texts or "nothing")
[text], kinds = session("second", experimental={"modelSteering": True})
place = text.index("if hot:")
print("sent with 'inject' and model steering:", text[place : text.index("</output>", place)].strip())
print("sent as:", shown(text[: text.index("<output>")]))
print("recorded as:", *kinds)
EOF2
python3 run.py | tee report
cat >expected <<'EOF2'
documented: automatically returns output to agent
the output: if hot:$    brew()$serve()$
sent with 'inject': nothing
sent with 'inject' and model steering: if hot: brew() serve()
sent as: User steering update:$<user_input>$
recorded as: user
EOF2
cmp report expected
