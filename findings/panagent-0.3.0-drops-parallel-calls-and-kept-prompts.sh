#!/usr/bin/env bash
# PyPI panagent 0.3.0, converting sessions of npm @anthropic-ai/claude-code 2.1.332.
#
# A transcript of Claude Code is a tree, and the conversation is more than the chain of parents above the last line:
# - each call of a reply is a line of its own, and each result is a child of its own call's line. Where a reply makes several
#   calls at once, the conversation goes on below one of the results; the others, and the calls after the one that was
#   answered last, are on side branches. panagent takes them for turns that were taken back, and drops them;
# - a compaction keeps the newest prompt: the compact_boundary names it in compactMetadata.preservedMessages, and it stays
#   before the boundary. panagent begins behind the boundary: the answer has no question. It warns that earlier turns were
#   replaced by the summary, as it does for each compaction.
# The README says that what cannot be carried is reported. There is a warning for each record type that panagent does not
# know, and none for the calls and results that it drops.
#
# Why it matters: parallel calls are ordinary, and the agent that goes on has not seen half of what was read. A reader has to
# gather a reply by its message.id and results by their tool_use_id, as the program does when it resumes.
#
# The sessions are made by Claude Code itself, against a model server on the loopback.
#
# Seen:
#   parallel calls: claude sends 3 results: apples pears plums
#   parallel calls: panagent has 1 result, warnings: none
#   compaction: claude sends the kept prompt: True
#   compaction: panagent has the kept prompt: False
#   compaction: panagent has its answer: True, warnings: claude_compaction_summary
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check panagent==0.3.0
cat >run.py <<'EOF'
import glob, http.server, json, os, subprocess, threading

work = os.path.realpath(os.getcwd())
requests, upcoming = [], []
fruits = ("apples", "pears", "plums")


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        requests.append(body)
        number = len(requests)
        # What is played to the first request of a run.
        part = upcoming.pop() if upcoming else "answer"
        blocks = [({"type": "text", "text": ""}, {"type": "text_delta", "text": f"Answer {number}."})]
        if part == "calls":
            blocks = []
            for fruit in fruits:
                arguments = json.dumps({"file_path": f"{work}/shop/{fruit}.txt"})
                use = {"type": "tool_use", "id": f"toolu_{fruit}", "name": "Read", "input": {}}
                blocks.append((use, {"type": "input_json_delta", "partial_json": arguments}))
        # The prompt after this answer is compacted first.
        usage = {"input_tokens": 990000 if part == "full" else 10, "output_tokens": 5}
        message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        events = [{"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None, "usage": usage}}]
        for index, (block, delta) in enumerate(blocks):
            events.append({"type": "content_block_start", "index": index, "content_block": block})
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
            events.append({"type": "content_block_stop", "index": index})
        delta = {"stop_reason": "tool_use" if part == "calls" else "end_turn"}
        events.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5}})
        events.append({"type": "message_stop"})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("request-id", f"req_{number}")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "ANTHROPIC_API_KEY": "dummy", "NO_COLOR": "1"}
environment |= {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}", "DISABLE_AUTOUPDATER": "1"}
environment |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
common = {"env": environment, "cwd": work + "/shop", "stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}


def files() -> set[str]:
    return set(glob.glob(work + "/home/.claude/projects/*/*.jsonl"))


def session(part: str, *prompts: str) -> tuple[str, list]:
    """The file of a session with these prompts, and the messages that the last one sent."""
    before, options = files(), []
    upcoming.append(part)
    for prompt in prompts:
        command = ["timeout", "60", work + "/cli/node_modules/.bin/claude", "-p", prompt, "--allowedTools", "Read", *options]
        subprocess.run(command, stdout=subprocess.DEVNULL, **common)
        [file] = files() - before
        options = ["--resume", os.path.basename(file).removesuffix(".jsonl")]
    return file, requests[-1]["messages"]


def converted(file: str) -> tuple[list, list]:
    """The messages of the conversation in panagent's neutral form, and its warnings."""
    tool = work + "/py/bin/panagent"
    subprocess.run([tool, "convert", file, "--to", "ir", "-o", "out.json", "--report", "report.json"], **common)
    return json.load(open("shop/out.json"))["messages"], json.load(open("shop/report.json"))["warnings"]


def results(messages: list, key: str) -> list[str]:
    blocks = [block for message in messages if isinstance(message["content"], list) for block in message["content"]]
    return sorted(block[key].removeprefix("toolu_") for block in blocks if block["type"] == "tool_result")


def codes(warnings: list) -> str:
    """What the warnings are about, besides record types that panagent does not know."""
    return " ".join(sorted({warning["code"] for warning in warnings} - {"claude_unknown_record"})) or "none"


for fruit in fruits:
    with open(f"shop/{fruit}.txt", "w") as out:
        out.write(f"3 {fruit}\n")
file, sent = session("calls", "Read all three lists.", "Go on.")
found = results(sent, "tool_use_id")
print(f"parallel calls: claude sends {len(found)} results: {' '.join(found)}")
messages, warnings = converted(file)
kept = results(messages, "tool_call_id")
print(f"parallel calls: panagent has {len(kept)} result, warnings: {codes(warnings)}")

file, sent = session("full", "Read the long list.", "What is last on it?", "And first?")
print("compaction: claude sends the kept prompt:", "What is last on it?" in json.dumps(sent))
answer = [block["text"] for message in sent if message["role"] == "assistant" for block in message["content"]][-1]
messages, warnings = converted(file)
text = json.dumps(messages)
print("compaction: panagent has the kept prompt:", "What is last on it?" in text)
print(f"compaction: panagent has its answer: {answer in text}, warnings: {codes(warnings)}")
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
parallel calls: claude sends 3 results: apples pears plums
parallel calls: panagent has 1 result, warnings: none
compaction: claude sends the kept prompt: True
compaction: panagent has the kept prompt: False
compaction: panagent has its answer: True, warnings: claude_compaction_summary
EOF
cmp report expected
