#!/usr/bin/env bash
# npm @qwen-code/qwen-code 0.24.4.
#
# A Stop hook may keep Qwen Code at work: its `reason` is sent to the model as a message of the user, as documented. That message is
# written nowhere: the session's file has two answers in a row. A resume joins them to one message, with nothing between
# the last word of the one and the first of the other, and the model does not see what it was asked to do in between.
# Without the hook, prompts and answers are stored and sent one by one.
#
# Why it matters: hooks of this kind make agents run tests or go on with a list. The model that is resumed has an answer to a
# question that is gone, at times one that takes back what it said a word before. No reader of the file can tell that
# there was a question.
#
# Seen (what was said; | stands between messages):
#   sent while it runs:   Prompt one | Answer 1. | Run the tests.
#   in the file:          Prompt one | Answer 1. | Answer 2.
#   sent after a resume:  Prompt one | Answer 1.Answer 2. | Prompt two
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.qwen shop
npm install --silent --no-audit --no-fund --prefix cli @qwen-code/qwen-code@0.24.4 >/dev/null
cat >hook.py <<'EOF2'
import json, sys

# Only once, as hooks of this kind do.
if not json.load(sys.stdin)["stop_hook_active"] and "two" not in open("prompt").read():
    print(json.dumps({"decision": "block", "reason": "Run the tests."}))
EOF2
cat >run.py <<'EOF2'
import glob, http.server, json, os, re, subprocess, threading

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        if body.get("tools"):
            requests.append(body)
        text = f"Answer {len(requests)}." if body.get("tools") else "Tea"
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
        delta = {"role": "assistant", "content": text}
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
hook = {"hooks": [{"type": "command", "command": f"cd {work} && python3 hook.py"}]}
settings = {"security": {"auth": {"selectedType": "openai"}}, "general": {"enableAutoUpdate": False}, "hooks": {"Stop": [hook]}}
settings |= {"privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False}}
settings |= {"memory": {"enableManagedAutoMemory": False}}
with open("home/.qwen/settings.json", "w") as file:
    json.dump(settings, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "LANG": "C.UTF-8", "OPENAI_API_KEY": "dummy"}
environment |= {"OPENAI_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}/v1", "OPENAI_MODEL": "qwen3-coder-plus"}
command = ["node", work + "/cli/node_modules/@qwen-code/qwen-code/cli-entry.js", "--auth-type", "openai", "--model", "qwen3-coder-plus"]


def run(prompt, *options):
    with open("prompt", "w") as file:
        file.write(prompt)
    subprocess.run([*command, *options, "--prompt", prompt], cwd="shop", env=environment, check=True, capture_output=True, timeout=120)


def said(texts):
    found = re.compile(r"Prompt \w+|(?:Answer \d\.)+|Run the tests\.")
    return " | ".join(text for text in texts if found.fullmatch(text))


def sent(body):
    for message in body["messages"]:
        content = message["content"]
        yield from [content] if isinstance(content, str) else (part.get("text", "") for part in content)


run("Prompt one")
[file] = glob.glob("home/.qwen/projects/*/chats/*.jsonl")
lines = [json.loads(line) for line in open(file)]
stored = [part.get("text", "") for line in lines if line.get("message") for part in line["message"]["parts"]]
run("Prompt two", "--resume", os.path.basename(file).removesuffix(".jsonl"))
print("sent while it runs:  ", said(sent(requests[1])))
print("in the file:         ", said(stored))
print("sent after a resume: ", said(sent(requests[2])))
EOF2
python3 run.py | tee report
cat >expected <<'EOF2'
sent while it runs:   Prompt one | Answer 1. | Run the tests.
in the file:          Prompt one | Answer 1. | Answer 2.
sent after a resume:  Prompt one | Answer 1.Answer 2. | Prompt two
EOF2
cmp report expected
