#!/usr/bin/env bash
# npm @google/gemini-cli 0.61.0.
#
# A hook for SessionStart may give the model a context (`additionalContext`, as documented). Gemini CLI writes it in front of
# the first prompt of the run, in one text with it: "<hook_context>...</hook_context>", an empty line, the prompt. On the
# next `gemini --resume` a record that begins with such a tag counts as context alone and is left out: the model gets
# its own answer to a prompt that it no longer has. The history is then written anew without it, so that the prompt is lost
# to every later resume. Each run begins with the hook, so that each resume loses one prompt more: of a session that
# was resumed twice, one prompt of three is left. Without the hook nothing is lost.
#
# Why it matters: hooks of this kind tell of the branch or of a team's rules, for every session. The first prompt mostly
# has the task. Whoever shows the files must take the two apart, and read what the program has replaced.
#
# Seen (what the model gets, of prompts and answers; | stands between them):
#   with the hook, first run:       Prompt one
#   with the hook, first resume:    Answer 1. | Prompt two
#   with the hook, second resume:   Answer 1. | Answer 2. | Prompt three
#   without the hook, second resume: Prompt one | Answer 1. | Prompt two | Answer 2. | Prompt three
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p shop cli
npm install --silent --no-audit --no-fund --prefix cli @google/gemini-cli@0.61.0 >/dev/null
cat >hook.py <<'EOF2'
import json
output = {"hookEventName": "SessionStart", "additionalContext": "The branch is main."}
print(json.dumps({"hookSpecificOutput": output}))
EOF2
cat >run.py <<'EOF2'
import glob, http.server, json, os, re, shutil, subprocess, threading

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        text = "Tea"
        if body.get("tools") and "streamGenerateContent" in self.path:
            requests.append(body)
            text = f"Answer {len(requests)}."
        answer = {"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}]}
        answer["usageMetadata"] = {"promptTokenCount": 9, "candidatesTokenCount": 9, "totalTokenCount": 18}
        is_stream = "stream" in self.path
        data = f"data: {json.dumps(answer)}\n\n" if is_stream else json.dumps({**answer, "totalTokens": 9})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if is_stream else "application/json")
        self.end_headers()
        self.wfile.write(data.encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "GEMINI_API_KEY": "dummy", "LANG": "C.UTF-8"}
environment |= {"GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}", "GEMINI_CLI_NO_RELAUNCH": "1"}
command = ["node", work + "/cli/node_modules/@google/gemini-cli/bundle/gemini.js", "--model", "gemini-2.5-flash", "--skip-trust"]


def run(prompt, *options):
    subprocess.run([*command, *options, "--prompt", prompt], cwd="shop", env=environment, check=True, capture_output=True, timeout=120)


def talk(has_hook):
    """The prompts and answers in each of three requests: of a session that was resumed twice."""
    shutil.rmtree("home", ignore_errors=True)
    os.makedirs("home/.gemini")
    settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"enableAutoUpdate": False}}
    settings |= {"privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False}}
    if has_hook:
        settings["hooks"] = {"SessionStart": [{"hooks": [{"type": "command", "command": f"python3 {work}/hook.py"}]}]}
    with open("home/.gemini/settings.json", "w") as file:
        json.dump(settings, file)
    requests.clear()
    run("Prompt one")
    with open(glob.glob("home/.gemini/tmp/*/chats/session-*.jsonl")[0]) as file:
        session = json.loads(file.readline())["sessionId"]
    run("Prompt two", "--resume", session)
    run("Prompt three", "--resume", session)
    texts = [[part.get("text", "") for content in body["contents"] for part in content["parts"]] for body in requests]
    return [" | ".join(found for text in each for found in re.findall(r"(?:Prompt \w+|Answer \d\.)$", text)) for each in texts]


hooked, plain = talk(True), talk(False)
for name, said in zip(("first run", "first resume", "second resume"), hooked):
    print(f"with the hook, {name}: {said}")
print(f"without the hook, second resume: {plain[2]}")
assert hooked == ["Prompt one", "Answer 1. | Prompt two", "Answer 1. | Answer 2. | Prompt three"], hooked
assert plain[2] == "Prompt one | Answer 1. | Prompt two | Answer 2. | Prompt three", plain
EOF2
python3 run.py
