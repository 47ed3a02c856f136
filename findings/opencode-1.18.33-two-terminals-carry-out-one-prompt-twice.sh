#!/usr/bin/env bash
# npm opencode-ai 1.18.33.
#
# Two terminals have the same session. A prompt that is entered in the second one, while the first one still answers another, is
# carried out by both: the first one, when it is done, finds an unanswered prompt in the database and goes on with it, although
# the second one is at work on it. Its commands run twice, and both replies stand in the session and are sent to the model from
# then on. Only when the second answer is finished before the first one is, all is as expected.
#
# Why it matters: a session is soon open twice, such as by a script with `opencode run --session` beside a person's terminal.
# A commit, a migration or a payment is made twice, and both replies are charged. The first terminal shows the second prompt's
# answer below its own.
#
# Seen:
#   prompts:                Tell a tale. (first terminal), Pay the bill. (second terminal)
#   paid by the commands:   2 times
#   in the session:         Pay the bill. | I pay. | I pay. | Paid.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.config/opencode shop
npm install --silent --no-audit --no-fund --prefix cli opencode-ai@1.18.33 >/dev/null
cat >run.py <<'EOF'
import http.server, json, os, subprocess, threading

work = os.path.realpath(os.getcwd())
tale_began, bill_began, both_pay = threading.Event(), threading.Event(), threading.Barrier(2)


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        last = [message for message in body["messages"] if message["role"] in ("user", "tool")][-1]
        delta, reason = {"content": "Well."}, "stop"
        if "tools" not in body:
            pass
        elif "Tell a tale" in json.dumps(last):
            tale_began.set()
            # The tale takes until the bill is asked for in the other terminal.
            assert bill_began.wait(90)
        elif last["role"] == "tool":
            delta = {"content": "Paid."}
        elif "Pay the bill" in json.dumps(last):
            bill_began.set()
            # The answer takes until the first terminal asks for it as well. Raises BrokenBarrierError when it does not.
            both_pay.wait(60)
            given = json.dumps({"command": "echo paid >>bill.txt", "description": "Pay"})
            call = {"index": 0, "id": f"call_{threading.get_ident()}", "type": "function", "function": {"name": "bash", "arguments": given}}
            delta, reason = {"content": "I pay.", "tool_calls": [call]}, "tool_calls"
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "mock"}
        usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
        for one, end in [({"role": "assistant", **delta}, None), ({}, reason)]:
            part = {**chunk, "choices": [{"index": 0, "delta": one, "finish_reason": end}], "usage": usage}
            self.wfile.write(f"data: {json.dumps(part)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
options = {"baseURL": f"http://127.0.0.1:{model.server_address[1]}/v1", "apiKey": "dummy"}
provider = {"npm": "@ai-sdk/openai-compatible", "name": "mock", "options": options, "models": {"mock": {"name": "mock", "tool_call": True}}}
with open("home/.config/opencode/opencode.json", "w") as file:
    settings = {"provider": {"mock": provider}, "model": "mock/mock", "small_model": "mock/mock", "autoupdate": False}
    json.dump({**settings, "permission": "allow"}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "OPENCODE_DISABLE_MODELS_FETCH": "1"}
command = ["timeout", "150", work + "/cli/node_modules/.bin/opencode"]
common = {"env": environment, "cwd": work + "/shop", "stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "text": True}


def start(prompt: str, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen([*command, "run", *arguments, prompt], stdout=subprocess.DEVNULL, **common)


def run(*arguments: str) -> str:
    return subprocess.run([*command, *arguments], check=True, stdout=subprocess.PIPE, **common).stdout


run("run", "--title", "t", "Begin.")
[listed] = json.loads(run("session", "list", "--format", "json"))
session = listed["id"]
first = start("Tell a tale.", "--session", session)
assert tale_began.wait(90)
second = start("Pay the bill.", "--session", session)
assert (first.wait(), second.wait()) == (0, 0)

messages = json.loads(run("export", session))["messages"]
texts = [part["text"].strip('"') for message in messages for part in message["parts"] if part["type"] == "text"]
texts = texts[texts.index("Pay the bill.") :]
# The first terminal to have its result answers for both, or each answers.
texts = [text for place, text in enumerate(texts) if text != "Paid." or texts.index(text) == place]
print("prompts:                Tell a tale. (first terminal), Pay the bill. (second terminal)")
print(f"paid by the commands:   {open('shop/bill.txt').read().count('paid')} times")
print("in the session:        ", " | ".join(texts))
EOF
python3 run.py | tee report
cat >expected <<'EOF'
prompts:                Tell a tale. (first terminal), Pay the bill. (second terminal)
paid by the commands:   2 times
in the session:         Pay the bill. | I pay. | I pay. | Paid.
EOF
cmp report expected
