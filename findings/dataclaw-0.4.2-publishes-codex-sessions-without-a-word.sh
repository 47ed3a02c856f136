#!/usr/bin/env bash
# PyPI dataclaw 0.4.2 and cc2md 1.0, with npm @openai/codex 0.171.0 and @anthropic-ai/claude-code 2.1.332.
#
# `dataclaw export` makes a dataset of the sessions of coding agents, for Hugging Face. Codex writes new threads in its paginated
# form: what is shown stands in events `item_completed`, and no longer in `user_message` and `agent_message`. dataclaw knows these
# alone: of each thread it exports one message of the assistant, which has all calls of all turns and no text. What was asked
# and what was answered is not in the dataset, and the export ends as if all was well. cc2md, which writes Markdown, has the
# answers and not the prompts.
#
# Of Claude Code, dataclaw adds up the tokens of lines. A reply is a line for each of its blocks, each with the usage of the whole:
# a reply with a text and two calls counts three times.
#
# Why it matters: a dataset for training of calls that nobody asked for looks complete by its number of sessions. Look at the
# texts of an export before it is published.
#
# All sessions are made by the programs themselves, against a model server on the loopback.
#
# Seen:
#   Codex: 2 prompts, 2 answers, 2 calls
#   dataclaw: messages: assistant; prompts: 0, answers: 0, calls: 2; status 0
#   cc2md: prompts: 0, answers: 2; status 0
#   Claude Code: 2 replies with 200 input tokens; dataclaw: 400
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.codex shop
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 @openai/codex@0.171.0 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check dataclaw==0.4.2 cc2md==1.0
cat >run.py <<'EOF'
import glob, http.server, json, os, subprocess, threading

work = os.path.realpath(os.getcwd())
requests = []
calls = ("cat pears.txt", "cat figs.txt")


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        requests.append(body)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in codex_events(body) if "input" in body else claude_events(body):
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


def codex_events(body: dict) -> list[dict]:
    """A call after each prompt, and an answer after its output."""
    number = len(requests)
    item = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", "status": "completed"}
    item |= {"name": "exec_command", "arguments": json.dumps({"cmd": calls[number // 3]})}
    if body["input"][-1]["type"] == "function_call_output":
        item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed"}
        item["content"] = [{"type": "output_text", "text": f"Answer {number // 2}.", "annotations": []}]
    usage = {"input_tokens": 100, "output_tokens": 5, "total_tokens": 105}
    usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    response = {"id": f"resp_{number}"}
    return [
        {"type": "response.created", "response": response},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {**response, "output": [item], "usage": usage}},
    ]


def claude_events(body: dict) -> list[dict]:
    """A text and two calls, and a text after their outputs."""
    number = len(requests)
    message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
    message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 100, "output_tokens": 5}}
    blocks = [({"type": "text", "text": ""}, {"type": "text_delta", "text": "I look."})]
    if "tool_result" not in json.dumps(body["messages"]):
        for place, command in enumerate(calls):
            call = {"type": "tool_use", "id": f"toolu_{number}_{place}", "name": "Bash", "input": {}}
            arguments = json.dumps({"command": command, "description": "Look"})
            blocks.append((call, {"type": "input_json_delta", "partial_json": arguments}))
    events = [{"type": "message_start", "message": message}]
    for index, (block, delta) in enumerate(blocks):
        events += [
            {"type": "content_block_start", "index": index, "content_block": block},
            {"type": "content_block_delta", "index": index, "delta": delta},
            {"type": "content_block_stop", "index": index},
        ]
    reason = "tool_use" if len(blocks) > 1 else "end_turn"
    events += [{"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 5}}]
    return [*events, {"type": "message_stop"}]


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{model.server_address[1]}"
with open("home/.codex/config.toml", "w") as file:
    file.write(f"""model = "gpt-5.5"
model_provider = "local"
[model_providers.local]
name = "local"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "LOCAL_KEY"
""")


def run(*command: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": f"{work}/home", "NO_COLOR": "1", "LOCAL_KEY": "dummy"}
    environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": url, "DISABLE_AUTOUPDATER": "1", "IS_SANDBOX": "1"}
    environment |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    command = ["timeout", "60", f"{work}/{command[0]}", *command[1:]]
    common = {"env": environment, "cwd": f"{work}/shop", "stdin": subprocess.DEVNULL}
    done = subprocess.run(command, capture_output=True, text=True, **common)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def found(text: str, *words: str) -> int:
    return sum(word in text for word in words)


for name in ("pears", "figs"):
    with open(f"shop/{name}.txt", "w") as file:
        file.write("3\n")
codex = "cli/node_modules/.bin/codex"
run(codex, "exec", "--skip-git-repo-check", "Count the pears.")
[rollout] = glob.glob("home/.codex/sessions/*/*/*/*.jsonl")
run(codex, "exec", "resume", "--skip-git-repo-check", rollout[-42:-6], "Count the figs.")
with open(rollout) as file:
    text = file.read()
prompts, answers = ("Count the pears.", "Count the figs."), ("Answer 1.", "Answer 2.")
print(f"Codex: {found(text, *prompts)} prompts, {found(text, *answers)} answers, {found(text, *calls)} calls")
requests.clear()
run("cli/node_modules/.bin/claude", "--dangerously-skip-permissions", "-p", "Look at both.")
replies = len(requests)

run("py/bin/dataclaw", "config", "--source", "all")
run("py/bin/dataclaw", "config", "--confirm-projects")
run("py/bin/dataclaw", "export", "--no-push", "--output", f"{work}/dataset.jsonl")
with open("dataset.jsonl") as file:
    sessions = {session["source"]: session for session in map(json.loads, file)}
messages = sessions["codex"]["messages"]
text = json.dumps(messages)
counts = f"prompts: {found(text, *prompts)}, answers: {found(text, *answers)}, calls: {found(text, *calls)}"
print(f"dataclaw: messages: {' '.join(one['role'] for one in messages)}; {counts}; status 0")
run("py/bin/cc2md", "--agent", "codex", f"{work}/{rollout}", "--output", f"{work}/session.md")
with open("session.md") as file:
    text = file.read()
print(f"cc2md: prompts: {found(text, *prompts)}, answers: {found(text, *answers)}; status 0")
counted = sessions["claude"]["stats"]["input_tokens"]
print(f"Claude Code: {replies} replies with {100 * replies} input tokens; dataclaw: {counted}")
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
Codex: 2 prompts, 2 answers, 2 calls
dataclaw: messages: assistant; prompts: 0, answers: 0, calls: 2; status 0
cc2md: prompts: 0, answers: 2; status 0
Claude Code: 2 replies with 200 input tokens; dataclaw: 400
EOF
cmp report expected
