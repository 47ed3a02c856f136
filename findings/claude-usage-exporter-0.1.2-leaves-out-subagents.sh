#!/usr/bin/env bash
# PyPI claude-usage-exporter 0.1.2 and claude-code-cost 1.3.1, with npm @anthropic-ai/claude-code 2.1.332.
#
# Two tools that add up the tokens of Claude Code read the files `projects/*/*.jsonl`. Subagents have files of their own in
# folders below, `projects/*/SESSION/subagents/agent-*.jsonl`, and what they read and wrote is in no line of their session.
# Neither tool counts any of it, nor says that it left files out. claude-usage-exporter names
# `~/.claude/projects/**/*.jsonl` as what it parses and exports counters "per agent" for Prometheus and OpenTelemetry.
#
# Why it matters: a session that asks several agents at once spends most of its tokens in them. Budgets and alerts on these
# counters see the smaller part, and costs by day are too low. The program's own total has them all.
#
# The session is made by the program itself, against a model server on the loopback.
#
# Seen (input tokens): the model read: 3000 in the session, 80000 in two subagents claude-code:           83000
# claude-usage-exporter:  3000 claude-code-cost:       3000
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check claude-usage-exporter==0.1.2 claude-code-cost==1.3.1
cat >run.py <<'EOF'
import http.server, json, os, subprocess, threading

work = os.path.realpath(os.getcwd())
FRUITS = ("pears", "plums")
read = {"session": 0, "subagents": 0}


def agent(fruit: str) -> dict:
    arguments = {"description": f"Count {fruit}", "prompt": f"Count the {fruit}.", "subagent_type": "general-purpose"}
    return {"type": "tool_use", "id": f"toolu_{fruit}", "name": "Agent", "input": {**arguments, "run_in_background": False}}


class Model(http.server.BaseHTTPRequestHandler):
    lock = threading.Lock()
    number = 0

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        sent = json.dumps(body["messages"])
        # A subagent is asked for one fruit, and the session has all of them in its calls.
        of_agent = "Ask two agents." not in sent
        first = not of_agent and "toolu_pears" not in sent
        tokens = 40_000 if of_agent else 1000 if first else 2000
        with Model.lock:
            Model.number += 1
            number = Model.number
            read["subagents" if of_agent else "session"] += tokens
        blocks = [agent(fruit) for fruit in FRUITS] if first else [{"type": "text", "text": "Three."}]
        message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": tokens, "output_tokens": 5}}
        events = [{"type": "message_start", "message": message}]
        for index, block in enumerate(blocks):
            text = block["type"] == "text"
            delta = {"type": "text_delta", "text": block["text"]} if text else None
            delta = delta or {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            start = {**block, "text": ""} if text else {**block, "input": {}}
            events.append({"type": "content_block_start", "index": index, "content_block": start})
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
            events.append({"type": "content_block_stop", "index": index})
        reason = {"stop_reason": "tool_use" if first else "end_turn"}
        events.append({"type": "message_delta", "delta": reason, "usage": {"output_tokens": 5}})
        events.append({"type": "message_stop"})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
environment = {"PATH": os.environ["PATH"], "HOME": f"{work}/home", "NO_COLOR": "1"}
environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
environment |= {"DISABLE_AUTOUPDATER": "1", "IS_SANDBOX": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}


def run(*command: str) -> str:
    command = ["timeout", "60", f"{work}/{command[0]}", *command[1:]]
    common = {"env": environment, "cwd": f"{work}/shop", "stdin": subprocess.DEVNULL}
    done = subprocess.run(command, capture_output=True, text=True, **common)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


options = ("--dangerously-skip-permissions", "--output-format", "json", "-p", "Ask two agents.")
result = json.loads(run("cli/node_modules/.bin/claude", *options))
print(f"the model read: {read['session']} in the session, {read['subagents']} in two subagents")
print(f"claude-code:           {sum(usage['inputTokens'] for usage in result['modelUsage'].values())}")
series = json.loads(run("py/bin/claude-usage-exporter", "--format", "json"))["series"]
counted = sum(one["value"] for one in series if one["labels"]["token_type"] == "input")
print(f"claude-usage-exporter: {counted:>5}")
run("py/bin/ccc", "--export-json", f"{work}/costs.json", "--language", "en")
with open("costs.json") as file:
    costs = json.load(file)
print(f"claude-code-cost:      {costs['summary']['total_input_tokens']:>5}")
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
the model read: 3000 in the session, 80000 in two subagents
claude-code:           83000
claude-usage-exporter:  3000
claude-code-cost:       3000
EOF
cmp report expected
