#!/usr/bin/env bash
# PyPI claude-codex-sessions 0.1.0, importing sessions of npm @openai/codex 0.171.0 into Claude Code.
#
# Codex writes a subagent as a rollout of its own. In its session_meta, `id` is the subagent's own thread and `session_id` that
# of the conversation which began it. The reader takes `session_id` first, and keeps one rollout for each id, the one that it
# read last: that of the subagent, which is the newer file. A conversation that has asked a subagent is in neither `list` nor
# `import`: under its id stands what the subagent was told and said. The report says "imported", and nothing of a conversation
# that was left out.
#
# Why it matters: the copy in Claude Code has the id, the folder and the time of the conversation and none of its words. Who
# removes the Codex files after the import has lost it. A reader has to take `id`, and leave out or link rollouts whose
# `thread_source` is "subagent".
#
# The session is made by Codex itself, against a model server on the loopback.
#
# Seen:
#   rollouts: 2, sessions that codex lists: Ask a subagent.
#   listed: 1, titled: Count the vans.
#   imported: 1; prompts in the copy: Count the vans.
#   prompts of the conversation: Ask a subagent. | What did they say?
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.codex home/.claude shop
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check claude-codex-sessions==0.1.0
cat >run.py <<'EOF'
import glob, http.server, json, os, re, subprocess, sys, threading, time

work = os.path.realpath(os.getcwd())
requests = []
prompts = ("Ask a subagent.", "Count the vans.", "What did they say?")


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        requests.append(body)
        number = len(requests)
        said = [part.get("text") for item in body["input"] if item.get("role") == "user" for part in item["content"]]
        is_subagent = "Count the vans." in said
        if not is_subagent and body["input"][-1].get("type") == "function_call_output":
            # The subagent ends first.
            time.sleep(2)
        item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed"}
        item["content"] = [{"type": "output_text", "text": "Two vans." if is_subagent else "A subagent looks.", "annotations": []}]
        if number == 1:
            arguments = json.dumps({"message": "Count the vans.", "agent_type": "explorer"})
            item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "status": "completed", "arguments": arguments}
            item |= {"name": "spawn_agent", "namespace": "multi_agent_v1"}
        usage = {"input_tokens": 100, "output_tokens": 5, "total_tokens": 105}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        events = [
            {"type": "response.created", "response": {"id": f"resp_{number}"}},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": {"id": f"resp_{number}", "output": [item], "usage": usage}},
        ]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
with open("home/.codex/config.toml", "w") as file:
    file.write(f"""model = "gpt-5.5"
model_provider = "local"
[model_providers.local]
name = "local"
base_url = "http://127.0.0.1:{model.server_address[1]}/v1"
wire_api = "responses"
env_key = "LOCAL_KEY"
""")
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "LOCAL_KEY": "dummy"}
common = {"env": environment, "cwd": work + "/shop", "stderr": subprocess.DEVNULL, "text": True}
codex = ["timeout", "60", work + "/cli/node_modules/.bin/codex"]


def run(*command: str) -> str:
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **common).stdout


def listed_by_codex() -> list[str]:
    server = subprocess.Popen([*codex, "app-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **common)

    def call(number: int, method: str, params: dict) -> dict:
        server.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
        server.stdin.flush()
        for line in server.stdout:
            if (message := json.loads(line)).get("id") == number and "method" not in message:
                return message.get("result") or sys.exit(str(message))
        sys.exit("the server ended")

    call(1, "initialize", {"clientInfo": {"name": "find", "version": "1"}, "capabilities": {"experimentalApi": True}})
    threads = call(2, "thread/list", {"sourceKinds": ["exec", "cli"]})["data"]
    server.terminate()
    server.wait()
    return [thread["preview"] for thread in threads]


run(*codex, "exec", "--skip-git-repo-check", "Ask a subagent.")
files = sorted(glob.glob(work + "/home/.codex/sessions/*/*/*/*.jsonl"))
thread = files[0][-42:-6]
run(*codex, "exec", "resume", "--skip-git-repo-check", thread, "What did they say?")
print(f"rollouts: {len(files)}, sessions that codex lists: {' | '.join(listed_by_codex())}")
tool = work + "/py/bin/claude-codex-sessions"
rows = [line.split(" | ")[1] for line in run(tool, "list").splitlines() if re.match(r"\| \d", line)]
print(f"listed: {len(rows)}, titled: {' | '.join(rows)}")
report = run(tool, "import")
[copy] = glob.glob(work + "/home/.claude/projects/*/*.jsonl")
text = open(copy).read()
has = lambda words: " | ".join(prompt for prompt in prompts if prompt in words)
[count] = re.findall(r"^(\d+) imported", report, re.M)
print(f"imported: {count}; prompts in the copy: {has(text)}")
print("prompts of the conversation:", has(open(files[0]).read().replace("Count the vans.", "")))
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
rollouts: 2, sessions that codex lists: Ask a subagent.
listed: 1, titled: Count the vans.
imported: 1; prompts in the copy: Count the vans.
prompts of the conversation: Ask a subagent. | What did they say?
EOF
cmp report expected
