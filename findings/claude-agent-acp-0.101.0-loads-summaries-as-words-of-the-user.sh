#!/usr/bin/env bash
# npm @agentclientprotocol/claude-agent-acp 0.101.0.
#
# While a session runs, a client never sees the summary of a compaction: it gets a tool call "Compact conversation", and the
# summary stays with the agent on purpose (pull request 991 of the adapter). After session/load, the same client gets the
# summary as a user_message_chunk, that is, as a text that the person wrote, and gets nothing of what was said before the
# compaction except the last answer. The protocol asks for the entire conversation ("Session Setup", Loading Sessions), and
# the transcript has it: it only grows.
#
# Why it matters: an editor that is started again shows a page of text in the person's name that the person never saw, in place
# of the conversation that it showed before. A client that stores what it was sent has lost the first prompts.
#
# Seen (user: user_message_chunk, agent: agent_message_chunk):
#   live:  agent "One tea." | agent "One coffee." | tool "Compact conversation" | agent "One cocoa."
#   load:  user SUMMARY | agent "One coffee." | user "cocoa" | agent "One cocoa."
#   transcript: tea coffee cocoa
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @agentclientprotocol/claude-agent-acp@0.101.0 >/dev/null
cat >run.py <<'EOF'
import glob, http.server, json, os, subprocess, sys, threading, time

work = os.path.realpath(os.getcwd())
shop = work + "/shop"
prompts = ("tea", "coffee", "cocoa")


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        summarizes = "<summary>" in json.dumps(body["messages"][-1:])
        asked = [prompt for prompt in prompts if f'"{prompt}"' in json.dumps(body["messages"])]
        text = "<summary>They ordered.</summary>" if summarizes else f"One {asked[-1]}." if asked else "title"
        message = {"id": f"msg_{time.time_ns()}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ]:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
with open("home/.claude.json", "w") as file:
    json.dump({"hasCompletedOnboarding": True}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "LANG": "C.UTF-8"}
environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
environment |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}


class Client:
    def __init__(self) -> None:
        command = ["timeout", "100", work + "/cli/node_modules/.bin/claude-agent-acp"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        self.process = subprocess.Popen(command, cwd=shop, env=environment, **pipes)
        self.shown, self.number = [], 0
        self.call("initialize", {"protocolVersion": 1, "clientCapabilities": {}})

    def call(self, method: str, params: dict) -> dict:
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            message = json.loads(line)
            if message.get("id") == self.number and "method" not in message:
                return message.get("result") or sys.exit(str(message))
            self.show(message.get("params", {}).get("update", {}))
        sys.exit("the adapter ended")

    def show(self, update: dict) -> None:
        kind = update.get("sessionUpdate")
        if kind == "tool_call":
            self.shown.append(f'tool "{update["title"]}"')
        elif kind in ("user_message_chunk", "agent_message_chunk"):
            text = update["content"]["text"].strip()
            # Not what the adapter says of the network.
            if "Warning:" in text:
                return
            told = "SUMMARY" if "They ordered." in text else f'"{text}"'
            self.shown.append(f"{kind.split('_')[0]} {told}")

    def end(self) -> str:
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait()
        return " | ".join(self.shown)


client = Client()
session = client.call("session/new", {"cwd": shop, "mcpServers": []})["sessionId"]
for prompt in ("tea", "coffee", "/compact", "cocoa"):
    client.call("session/prompt", {"sessionId": session, "prompt": [{"type": "text", "text": prompt}]})
print("live: ", client.end())
client = Client()
client.call("session/load", {"sessionId": session, "cwd": shop, "mcpServers": []})
print("load: ", client.end())
[file] = glob.glob("home/.claude/projects/*/*.jsonl")
asked = [line["message"]["content"] for line in map(json.loads, open(file)) if line["type"] == "user"]
print("transcript:", " ".join(prompt for prompt in prompts if f'"{prompt}"' in json.dumps(asked)))
EOF
python3 run.py | tee report
cat >expected <<'EOF'
live:  agent "One tea." | agent "One coffee." | tool "Compact conversation" | agent "One cocoa."
load:  user SUMMARY | agent "One coffee." | user "cocoa" | agent "One cocoa."
transcript: tea coffee cocoa
EOF
cmp report expected
