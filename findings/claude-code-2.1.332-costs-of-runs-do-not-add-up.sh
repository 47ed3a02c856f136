#!/usr/bin/env bash
# npm @anthropic-ai/claude-code 2.1.332.
#
# What `claude -p --output-format json` (and so a result of the Agent SDKs) says a run cost is not always what it cost:
# total_cost_usd and modelUsage of a run that resumes or forks a session begin with what its transcript says was spent before (the
# cost-state line, which a fork takes along), while usage in the same result is that of the run alone. And the requests
# that compact a session have no line with a usage in the transcript: only cost-state and modelUsage count them.
#
# Why it matters: guides of the SDK say that each query() has its own cost and that a session's cost is their sum. The sum
# counts the first run once for each that follows. Counters that add up the usage of the lines count forks right if they
# know a message by its id, but no compaction, each of which reads the whole context. The newest cost-state of a session is its
# cost only if it is no fork; the types of npm's SDK say so ("continues from the total its transcript saved").
#
# Seen (input tokens; five runs, of which the second compacts and the fourth forks):
#   requests:                  7, 990600 tokens
#   modelUsage of the runs:    990000 990300 990400 990500 990600, sum 4951800
#   usage of the runs:         990000 100 100 100 100, sum 990400
#   usage in the transcripts:  990400, each message once
#   cost-state of the session: 990400
#   cost-state of the fork:    990600
#   total_cost_usd:            5.0 times that of the last run, when added up
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p home shop cli
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
cat >run.py <<'EOF'
import glob, http.server, json, os, subprocess, threading

work = os.path.realpath(os.getcwd())
inputs = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        # So many tokens in the first answer that the next run compacts the session before it asks.
        inputs.append(100 if inputs else 990000)
        number = len(inputs)
        message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": inputs[-1], "output_tokens": 5}}
        events = [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": f"Answer {number}."}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("request-id", f"req_{number}")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "ANTHROPIC_API_KEY": "dummy", "DISABLE_AUTOUPDATER": "1"}
environment |= {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}


def claude(*arguments: str) -> dict:
    command = ["timeout", "100", work + "/cli/node_modules/.bin/claude", "--model", "sonnet", "-p", "--output-format", "json", *arguments]
    common = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    return json.loads(subprocess.run(command, check=True, cwd=work + "/shop", env=environment, **common).stdout)


def lines(session: str) -> list:
    [file] = glob.glob(f"home/.claude/projects/*/{session}.jsonl")
    return [json.loads(line) for line in open(file)]


def read(usage: dict) -> int:
    """The input tokens of all models."""
    return sum(model["inputTokens"] for model in usage.values())


runs = [claude("Read the long list.")]
session = runs[0]["session_id"]
runs.append(claude("What is last on it?", "--resume", session))
runs.append(claude("And first?", "--resume", session))
runs.append(claude("Try another way.", "--resume", session, "--fork-session"))
fork = runs[-1]["session_id"]
runs.append(claude("Go on.", "--resume", fork))

print(f"requests:                  {len(inputs)}, {sum(inputs)} tokens")
totals = [read(run["modelUsage"]) for run in runs]
print("modelUsage of the runs:   ", *totals, end=f", sum {sum(totals)}\n")
alone = [run["usage"]["input_tokens"] for run in runs]
print("usage of the runs:        ", *alone, end=f", sum {sum(alone)}\n")
answers = {line["message"]["id"]: line["message"]["usage"] for line in lines(session) + lines(fork) if line["type"] == "assistant"}
print(f"usage in the transcripts:  {sum(usage['input_tokens'] for usage in answers.values())}, each message once")
for name, thread in [("session", session), ("fork", fork)]:
    [*_, newest] = [line["modelUsage"] for line in lines(thread) if line["type"] == "cost-state"]
    print(f"{f'cost-state of the {name}:':26} {read(newest)}")
costs = [run["total_cost_usd"] for run in runs]
print(f"total_cost_usd:            {sum(costs) / costs[-1]:.1f} times that of the last run, when added up")
EOF
python3 run.py | tee report
cat >expected <<'EOF'
requests:                  7, 990600 tokens
modelUsage of the runs:    990000 990300 990400 990500 990600, sum 4951800
usage of the runs:         990000 100 100 100 100, sum 990400
usage in the transcripts:  990400, each message once
cost-state of the session: 990400
cost-state of the fork:    990600
total_cost_usd:            5.0 times that of the last run, when added up
EOF
cmp report expected
