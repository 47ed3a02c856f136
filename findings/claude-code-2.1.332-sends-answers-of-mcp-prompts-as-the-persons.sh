#!/usr/bin/env bash
# npm @anthropic-ai/claude-code 2.1.332.
#
# A prompt of a server of the Model Context Protocol is a list of messages, each with the role `user` or `assistant`, so that
# a server can show by example how to answer. Claude Code runs such a prompt as a command, `/mcp__SERVER__PROMPT`, and puts all
# its messages into one message of the user: the answers among them are sent to the model, and recorded in the transcript,
# as words of the person.
#
# Why it matters: the model is told that the person answered the questions, and no reader of the transcript, nor a
# resume, can tell the answers of the server from what was asked.
#
# Seen (the roles in the prompt of the server, in the request, and in the transcript):
#   server      user: Is mint a tea? | assistant: Yes. | user: Is salt a tea?
#   request     user: Is mint a tea? | user: Yes. | user: Is salt a tea?
#   transcript  user: Is mint a tea? | user: Yes. | user: Is salt a tea?
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.claude shop
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
cat >till.py <<'END'
import json, sys

SAID = [("user", "Is mint a tea?"), ("assistant", "Yes."), ("user", "Is salt a tea?")]
RESULTS = {
    "prompts/list": {"prompts": [{"name": "teas", "description": "Which are teas", "arguments": []}]},
    "prompts/get": {"messages": [{"role": role, "content": {"type": "text", "text": text}} for role, text in SAID]},
    "tools/list": {"tools": []},
}
if __name__ == "__main__":
    for line in sys.stdin:
        request = json.loads(line)
        result = RESULTS.get(request["method"])
        if request["method"] == "initialize":
            result = {"protocolVersion": request["params"]["protocolVersion"], "serverInfo": {"name": "till", "version": "1"}}
            result |= {"capabilities": {"prompts": {}, "tools": {}}}
        if "id" in request:
            answer = {"result": result} if result else {"error": {"code": -32601, "message": "unknown"}}
            print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **answer}), flush=True)
END
cat >run.py <<'END'
import glob, http.server, json, os, subprocess, sys, threading

import till

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        requests.append(body)
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "No."}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ]:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


def said(messages):
    known = [text for _, text in till.SAID]
    found = []
    for message in messages:
        content = message["content"]
        for block in [{"text": content}] if isinstance(content, str) else content:
            if block.get("text", "").strip() in known:
                found.append(f"{message['role']}: {block['text'].strip()}")
    return " | ".join(found)


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "IS_SANDBOX": "1", "LANG": "C.UTF-8"}
environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
environment |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}
servers = json.dumps({"mcpServers": {"till": {"command": sys.executable, "args": [work + "/till.py"]}}})
claude = work + "/cli/node_modules/.bin/claude"
command = [claude, "--print", "--model", "sonnet", "--mcp-config", servers, "--", "/mcp__till__teas"]
subprocess.run(command, cwd="shop", env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=120)
[transcript] = glob.glob("home/.claude/projects/*/*.jsonl")
lines = [json.loads(line) for line in open(transcript)]
print("server     ", " | ".join(f"{role}: {text}" for role, text in till.SAID))
print("request    ", said(next(body for body in requests if body.get("tools"))["messages"]))
print("transcript ", said([line["message"] for line in lines if line["type"] in ("user", "assistant")]))
END
python3 run.py | tee report
cat >expected <<'END'
server      user: Is mint a tea? | assistant: Yes. | user: Is salt a tea?
request     user: Is mint a tea? | user: Yes. | user: Is salt a tea?
transcript  user: Is mint a tea? | user: Yes. | user: Is salt a tea?
END
cmp report expected
