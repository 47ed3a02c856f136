#!/usr/bin/env bash
# npm @anthropic-ai/claude-code 2.1.332.
#
# A hook for PreToolUse may change the input of a call (`updatedInput`, as documented), such as to run tests in a container or
# to keep a command out of a folder. The tool runs with the new input, but the transcript keeps the call as the model made
# it, with the output of the other command as its result. The model is sent the same: nothing tells it that another
# command ran. The new input is only in the output of the hook, in a line of the type "attachment", which is not sent.
#
# Why it matters: the record of what an agent did on a machine says what it did not do. The model takes the output for that of
# its own command, and draws conclusions from it. Readers of transcripts, audits among them, show the command that never ran.
#
# Seen:
#   the model asked for:      touch asked.txt; echo asked
#   files that were made:     changed.txt
#   the transcript's command: touch asked.txt; echo asked
#   and its result:           changed
#   sent to the model:        touch asked.txt; echo asked -> changed
#   the command that ran is in lines of the type: attachment
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.claude shop
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
cat >hook.py <<'EOF2'
import json

output = {"hookEventName": "PreToolUse", "permissionDecision": "allow"}
output["updatedInput"] = {"command": "touch changed.txt; echo changed", "description": "Run a command"}
print(json.dumps({"hookSpecificOutput": output}))
EOF2
cat >run.py <<'EOF2'
import glob, http.server, json, os, subprocess, threading

work = os.path.realpath(os.getcwd())
requests = []
asked = "touch asked.txt; echo asked"


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        if body.get("tools"):
            requests.append(body)
        calls = len(requests) == 1 and bool(body.get("tools"))
        block = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}} if calls else {"type": "text", "text": ""}
        delta = {"type": "text_delta", "text": "Done."}
        if calls:
            delta = {"type": "input_json_delta", "partial_json": json.dumps({"command": asked, "description": "Run a command"})}
        message = {"id": f"msg_{len(requests)}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        stop = {"stop_reason": "tool_use" if calls else "end_turn"}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ]:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
hook = {"matcher": "Bash", "hooks": [{"type": "command", "command": f"python3 {work}/hook.py"}]}
with open("home/.claude/settings.json", "w") as file:
    json.dump({"hooks": {"PreToolUse": [hook]}}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "IS_SANDBOX": "1", "LANG": "C.UTF-8"}
environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
environment |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}
command = [work + "/cli/node_modules/.bin/claude", "--print", "--model", "sonnet", "--dangerously-skip-permissions", "Go."]
subprocess.run(
    command, check=True, cwd="shop", env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120
)


def told(messages):
    """The commands and results in messages."""
    blocks = [block for message in messages if isinstance(message["content"], list) for block in message["content"]]
    calls = [block["input"]["command"] for block in blocks if block["type"] == "tool_use"]
    return calls, [block["content"] for block in blocks if block["type"] == "tool_result"]


[transcript] = glob.glob("home/.claude/projects/*/*.jsonl")
lines = [json.loads(line) for line in open(transcript)]
[stored], [result] = told([line["message"] for line in lines if line["type"] in ("user", "assistant")])
[sent], [answer] = told(requests[1]["messages"])
kinds = {line["type"] for line in lines if "touch changed.txt" in json.dumps(line)}
print("the model asked for:     ", asked)
print("files that were made:    ", " ".join(sorted(os.listdir("shop"))))
print("the transcript's command:", stored)
print("and its result:          ", result)
print("sent to the model:       ", sent, "->", answer)
print("the command that ran is in lines of the type:", " ".join(sorted(kinds)))
EOF2
python3 run.py | tee report
cat >expected <<'EOF2'
the model asked for:      touch asked.txt; echo asked
files that were made:     changed.txt
the transcript's command: touch asked.txt; echo asked
and its result:           changed
sent to the model:        touch asked.txt; echo asked -> changed
the command that ran is in lines of the type: attachment
EOF2
cmp report expected
