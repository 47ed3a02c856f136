#!/usr/bin/env bash
# npm @qwen-code/qwen-code 0.24.4.
#
# A session may be open in two terminals (--resume, --continue); Qwen Code neither refuses the second one nor warns. Both append
# to the same file, and each gives its lines the parent that it knows. The turn that ended last becomes the session: the next
# --resume follows parentUuid from the last line and sends the model nothing of the other terminal's turns, which were answered
# and whose lines are still in the file.
#
# Why it matters: what somebody said and was answered is gone from the conversation without a word. A reader that takes the
# lines in their order shows turns that the model will not see, one that follows parentUuid hides them; an
# archive should keep both branches, as it does for a session that was rewound.
#
# Seen (figs was asked and answered in a second terminal, while plums waited for its answer in the first):
#   second terminal:     Answer.
#   first terminal:      Answer.
#   prompts in the file: pears plums figs kiwis
#   sent with kiwis:     pears plums kiwis
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.qwen shop
npm install --silent --no-audit --no-fund --prefix cli @qwen-code/qwen-code@0.24.4 >/dev/null
cat >run.py <<'EOF'
import glob, http.server, json, os, subprocess, threading

work = os.path.realpath(os.getcwd())
requests = []
asked, go_on = threading.Event(), threading.Event()
FRUITS = ("pears", "plums", "figs", "kiwis")


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        requests.append(body)
        # The second terminal sends plums along, since the first one has stored it.
        if fruits(json.dumps(body)) == "pears plums" and not go_on.is_set():
            asked.set()
            go_on.wait(100)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        chunk = {"id": f"c{len(requests)}", "object": "chat.completion.chunk", "created": 1, "model": "mock"}
        for delta, reason in [({"role": "assistant", "content": "Answer."}, None), ({}, "stop")]:
            part = {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
            self.wfile.write(f"data: {json.dumps(part)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
with open("home/.qwen/settings.json", "w") as file:
    settings = {"general": {"enableAutoUpdate": False}, "privacy": {"usageStatisticsEnabled": False}}
    # Else it asks the model after each turn what to remember.
    settings["memory"] = {"enableManagedAutoMemory": False}
    json.dump({**settings, "security": {"auth": {"selectedType": "openai"}}}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "NO_COLOR": "1", "OPENAI_API_KEY": "dummy"}
environment |= {"OPENAI_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}/v1", "OPENAI_MODEL": "mock"}


def start(*arguments: str) -> subprocess.Popen:
    command = ["timeout", "100", work + "/cli/node_modules/.bin/qwen", *arguments]
    common = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=work + "/shop", env=environment, **common)


def end(process: subprocess.Popen) -> str:
    shown, errors = process.communicate()
    assert process.returncode == 0, errors
    return shown.strip()


def fruits(text: str) -> str:
    return " ".join(fruit for fruit in FRUITS if fruit in text)


end(start("--prompt", "pears"))
[file] = glob.glob("home/.qwen/projects/*/chats/*.jsonl")
resume = ("--resume", os.path.basename(file)[:-6], "--prompt")
first = start(*resume, "plums")
assert asked.wait(60)
print("second terminal:    ", end(start(*resume, "figs")))
go_on.set()
print("first terminal:     ", end(first))
end(start(*resume, "kiwis"))
assert len(glob.glob("home/.qwen/projects/*/chats/*.jsonl")) == 1
kept = [line["message"] for line in map(json.loads, open(file)) if line["type"] == "user"]
print("prompts in the file:", fruits(json.dumps(kept)))
print("sent with kiwis:    ", fruits(json.dumps(requests[-1]["messages"])))
EOF
python3 run.py | tee report
cat >expected <<'EOF'
second terminal:     Answer.
first terminal:      Answer.
prompts in the file: pears plums figs kiwis
sent with kiwis:     pears plums kiwis
EOF
cmp report expected
