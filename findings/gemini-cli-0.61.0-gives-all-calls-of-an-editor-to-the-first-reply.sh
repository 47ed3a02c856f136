#!/usr/bin/env bash
# npm @google/gemini-cli 0.61.0, over the Agent Client Protocol (gemini --acp).
#
# Behind an editor, Gemini CLI writes each reply of the model without its calls, and the calls of all replies into one record
# behind the first reply that had one: it writes that record again whenever there is another call. The replies later on,
# and the results, stand where they were said. Whatever continues the session - session/load, or `gemini --resume` - sends
# the model all calls of the conversation at once, before the prompts that asked for them, with all results; then replies
# that call nothing, and after them the same results once more, without a call. While the process lives, requests are in
# order. A session of the command line is, too: there each result comes twice, but behind its call.
#
# Why it matters: after a reload of the editor, the model has a history in which it wrote a file before anybody asked for it.
# Archives, viewers and tools that move sessions show the same. That a call was made for the second prompt can be seen only
# in the order in which the file was written.
#
# Seen (P: a prompt, T: a text of the model, C: a call, R: a result, each with its number):
#   behind an editor, while it runs:      P1 T1 C1 R1 T2 P2 T3 C2 R2 T4 P3 T5 C3 R3 T6 P4
#   behind an editor, after session/load: P1 T1 C1 C2 C3 R1 R2 R3 R1 T2 P2 T3 R2 T4 P3 T5 R3 T6 P4
#   after gemini --resume:                P1 T1 C1 C2 C3 R1 R2 R3 R1 T2 P2 T3 R2 T4 P3 T5 R3 T6 P4
#   on the command line, after --resume:  P1 T1 C1 R1 R1 T2 P2 T3 C2 R2 R2 T4 P3 T5 C3 R3 R3 T6 P4
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli
npm install --silent --no-audit --no-fund --prefix cli @google/gemini-cli@0.61.0 >/dev/null
cat >run.py <<'EOF2'
import glob, http.server, json, os, re, subprocess, sys, threading, time

work = os.path.realpath(os.getcwd())
requests, replies = [], []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        if body.get("tools"):
            requests.append(body)
        parts = replies.pop(0) if body.get("tools") and replies else [{"text": "Tea"}]
        usage = {"promptTokenCount": 9, "candidatesTokenCount": 9, "totalTokenCount": 18}
        answer = {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}]}
        data = json.dumps({**answer, "usageMetadata": usage})
        is_stream = "streamGenerateContent" in self.path
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if is_stream else "application/json")
        self.end_headers()
        self.wfile.write((f"data: {data}\n\n" if is_stream else data).encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"enableAutoUpdate": False}}
settings |= {"privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False}}
command = ["node", work + "/cli/node_modules/@google/gemini-cli/bundle/gemini.js", "--model", "gemini-2.5-flash", "--yolo", "--skip-trust"]


class Place:
    """A directory with a home of its own."""

    def __init__(self, name):
        self.home, self.shop = f"{work}/{name}-home", f"{work}/{name}-shop"
        os.makedirs(self.home + "/.gemini")
        os.makedirs(self.shop)
        for number in "123":
            with open(f"{self.shop}/{number}.txt", "w") as file:
                file.write(f"R{number}\n")
        with open(self.home + "/.gemini/settings.json", "w") as file:
            json.dump(settings, file)
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.home, "LANG": "C.UTF-8", "GEMINI_API_KEY": "dummy"}
        self.environment |= {"GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}", "GEMINI_CLI_NO_RELAUNCH": "1"}
        # Nothing but the model server is to be reached.
        self.environment |= {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1,localhost"}

    def session(self):
        with_prompts = [file for file in glob.glob(self.home + "/.gemini/tmp/*/chats/*.jsonl") if "P1" in open(file).read()]
        return json.loads(open(with_prompts[0]).readline())["sessionId"]

    def run(self, prompt, *options):
        subprocess.run([*command, *options, "--prompt", prompt], cwd=self.shop, env=self.environment, check=True,
                       capture_output=True, timeout=120)


class Editor:
    def __init__(self, place):
        self.place = place

    def __enter__(self):
        self.process = subprocess.Popen([*command, "--acp"], cwd=self.place.shop, env=self.place.environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.number = 0
        self.call("initialize", protocolVersion=1, clientCapabilities={})
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)

    def call(self, method, **params):
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            message = json.loads(line)
            if message.get("id") == self.number and "method" not in message:
                return message["result"] if "result" in message else sys.exit(str(message))
        sys.exit("the agent ended")

    def prompt(self, session, text):
        self.call("session/prompt", sessionId=session, prompt=[{"type": "text", "text": text}])


def script(number):
    """A text with a call, and what follows its result."""
    arguments = {"file_path": f"{number}.txt"}
    call = {"functionCall": {"id": f"call{number}", "name": "read_file", "args": arguments}}
    replies.extend([[{"text": f"T{2 * number - 1}"}, call], [{"text": f"T{2 * number}"}]])
    return f"P{number}"


def sent():
    for content in requests[-1]["contents"]:
        for part in content["parts"]:
            if found := re.fullmatch(r"[PT]\d", part.get("text", "")):
                yield found[0]
            if call := part.get("functionCall"):
                yield "C" + call["args"]["file_path"][0]
            if response := part.get("functionResponse"):
                yield re.search(r"R\d", json.dumps(response["response"]))[0]


def show(what):
    print(f"{what + ':':37} {' '.join(sent())}")


def next_minute():
    """A session that is loaded in the minute in which it began is lost: that is another matter (issue 28693)."""
    time.sleep(61 - time.time() % 60)


shop = Place("editor")
place = {"cwd": shop.shop, "mcpServers": []}
with Editor(shop) as editor:
    session = editor.call("session/new", **place)["sessionId"]
    for number in (1, 2, 3):
        editor.prompt(session, script(number))
    copied = Place("copy")
    subprocess.run(["cp", "-r", shop.home + "/.gemini", copied.home], check=True)
    editor.prompt(session, "P4")
    show("behind an editor, while it runs")
# The session as it was before the fourth prompt.
subprocess.run(["rm", "-r", shop.home + "/.gemini"], check=True)
subprocess.run(["cp", "-r", copied.home + "/.gemini", shop.home], check=True)
next_minute()
with Editor(shop) as editor:
    editor.call("session/load", sessionId=session, **place)
    editor.prompt(session, "P4")
    show("behind an editor, after session/load")
subprocess.run(["rm", "-r", shop.home + "/.gemini"], check=True)
subprocess.run(["cp", "-r", copied.home + "/.gemini", shop.home], check=True)
shop.run("P4", "--resume", session)
show("after gemini --resume")
shop = Place("terminal")
shop.run(script(1))
for number in (2, 3):
    shop.run(script(number), "--resume", shop.session())
shop.run("P4", "--resume", shop.session())
show("on the command line, after --resume")
EOF2
python3 run.py | tee report
cat >expected <<'EOF2'
behind an editor, while it runs:      P1 T1 C1 R1 T2 P2 T3 C2 R2 T4 P3 T5 C3 R3 T6 P4
behind an editor, after session/load: P1 T1 C1 C2 C3 R1 R2 R3 R1 T2 P2 T3 R2 T4 P3 T5 R3 T6 P4
after gemini --resume:                P1 T1 C1 C2 C3 R1 R2 R3 R1 T2 P2 T3 R2 T4 P3 T5 R3 T6 P4
on the command line, after --resume:  P1 T1 C1 R1 R1 T2 P2 T3 C2 R2 R2 T4 P3 T5 C3 R3 R3 T6 P4
EOF2
cmp report expected
