#!/usr/bin/env bash
# npm @qwen-code/qwen-code 0.24.4 and @google/gemini-cli 0.61.0, on node 24.21.0 and 22.23.3.
#
# A text that is pasted from a browser, a note or a word processor may have U+2028 (LINE SEPARATOR) or U+2029 in it. JSON
# leaves both as they are within a string, and both programs write them so, into a line of the session's file. On Node 24
# they do not read that line any more: readline ends a line at these characters, too, and two halves of a line are no JSON.
# The halves are left out without a message:
# - Qwen Code follows the parents of the messages from the last one back, and ends where one is missing: a resume
#   sends nothing of what was said before that prompt, either;
# - Gemini CLI sends the answer without its prompt.
# The session's file is whole. On Node 22 nothing is lost.
#
# Why it matters: a session that was sent whole while it ran begins in its middle the next morning, and the same file gives two
# conversations on two machines. Files that other programs write for these two need the escapes \u2028 and \u2029, which both
# read on each Node.
#
# Seen (what the third prompt sends, after two resumes; the second one has U+2028):
#   node 22 qwen:    Prompt one | Answer 1. | Prompt two | Answer 2. | Prompt three
#   node 22 gemini:  Prompt one | Answer 1. | Prompt two | Answer 2. | Prompt three
#   node 24 qwen:    Answer 2. | Prompt three
#   node 24 gemini:  Prompt one | Answer 1. | Answer 2. | Prompt three
#   in each file:    Prompt one | Answer 1. | Prompt two | Answer 2. | Prompt three | Answer 3.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli node22 node24 shop
npm install --silent --no-audit --no-fund --prefix cli @qwen-code/qwen-code@0.24.4 @google/gemini-cli@0.61.0 >/dev/null
npm install --silent --no-audit --no-fund --prefix node22 node@22.23.3 >/dev/null
npm install --silent --no-audit --no-fund --prefix node24 node@24.21.0 >/dev/null
cat >run.py <<'EOF'
import glob, http.server, json, os, re, shutil, subprocess, threading

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        is_qwen = "messages" in body
        is_stream = bool(body.get("stream")) if is_qwen else "stream" in self.path
        text = "Tea"
        if body.get("tools") and is_stream:
            requests.append(body)
            text = f"Answer {len(requests)}."
        answer = {"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}]}
        answer |= {"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 9, "totalTokenCount": 18}, "totalTokens": 9}
        if is_qwen:
            delta = {"role": "assistant", "content": text}
            answer = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
            answer |= {"choices": [{"index": 0, "delta": delta, "message": delta, "finish_reason": "stop"}]}
            answer |= {"usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}}
        data = f"data: {json.dumps(answer)}\n\n" if is_stream else json.dumps(answer)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if is_stream else "application/json")
        self.end_headers()
        self.wfile.write(data.encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{model.server_address[1]}"
keys = {"OPENAI_API_KEY": "dummy", "OPENAI_BASE_URL": url + "/v1", "GEMINI_API_KEY": "dummy", "GOOGLE_GEMINI_BASE_URL": url}
keys |= {"HOME": work + "/home", "LANG": "C.UTF-8", "GEMINI_CLI_NO_RELAUNCH": "1"}
quiet = {"general": {"enableAutoUpdate": False}, "privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False}}
settings = {".qwen": {"security": {"auth": {"selectedType": "openai"}}, "memory": {"enableManagedAutoMemory": False}}}
settings |= {".gemini": {"security": {"auth": {"selectedType": "gemini-api-key"}}}}
programs = {
    "qwen": ["@qwen-code/qwen-code/cli-entry.js", "--auth-type", "openai", "--model", "qwen3-coder-plus"],
    "gemini": ["@google/gemini-cli/bundle/gemini.js", "--model", "gemini-2.5-flash", "--skip-trust"],
}
chats = {"qwen": "home/.qwen/projects/*/chats/*.jsonl", "gemini": "home/.gemini/tmp/*/chats/session-*.jsonl"}


def strings(value):
    """All strings within a JSON value, in order."""
    if isinstance(value, dict | list):
        return [text for each in (value.values() if isinstance(value, dict) else value) for text in strings(each)]
    return [value] if isinstance(value, str) else []


def said(messages):
    found = [re.match(r"Prompt \w+|Answer \d\.", text) for text in strings(messages)]
    return " | ".join(dict.fromkeys(match[0] for match in found if match))


def talk(node, name):
    """What the third prompt of a session sends, and what is in its file."""
    shutil.rmtree("home", ignore_errors=True)
    for folder, own in settings.items():
        os.makedirs("home/" + folder)
        with open(f"home/{folder}/settings.json", "w") as file:
            json.dump(quiet | own, file)
    requests.clear()
    environment = keys | {"PATH": f"{work}/{node}/node_modules/.bin:{os.environ['PATH']}"}
    script, *options = programs[name]
    session = []
    for prompt in ("Prompt one", "Prompt two: pears\u2028plums", "Prompt three"):
        command = ["node", f"{work}/cli/node_modules/{script}", *options, *session, "--prompt", prompt]
        subprocess.run(command, cwd="shop", env=environment, check=True, capture_output=True, timeout=120)
        # A resume of Gemini CLI in a later minute makes another file, in which nobody says anything.
        path = max(glob.glob(chats[name]), key=os.path.getsize)
        with open(path, newline="\n", encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        session = ["--resume", lines[0]["sessionId"]]
    body = requests[-1]
    # Of each line the message alone: some have the last prompt once more.
    own = [line.get("message") or line.get("content") for line in lines]
    return said(body.get("messages") or body["contents"]), said(own)


files = set()
for node in ("node22", "node24"):
    for name in programs:
        sent, kept = talk(node, name)
        files.add(kept)
        print(f"{node[:4]} {node[4:]} {name + ':':8} {sent}")
print("in each file:   ", *sorted(files))
EOF
python3 run.py | tee report
cat >expected <<'EOF'
node 22 qwen:    Prompt one | Answer 1. | Prompt two | Answer 2. | Prompt three
node 22 gemini:  Prompt one | Answer 1. | Prompt two | Answer 2. | Prompt three
node 24 qwen:    Answer 2. | Prompt three
node 24 gemini:  Prompt one | Answer 1. | Answer 2. | Prompt three
in each file:    Prompt one | Answer 1. | Prompt two | Answer 2. | Prompt three | Answer 3.
EOF
cmp report expected
