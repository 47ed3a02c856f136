#!/usr/bin/env bash
# npm @openai/codex 0.171.0.
#
# A tool of an MCP server may answer with `content` (texts, pictures, links) and with `structuredContent` beside it, such as a
# screenshot with the size of its window. Codex then gives the model the JSON of `structuredContent` alone: pictures,
# texts and links are left out, without a word to the model, the user or the server. Without `structuredContent`, the same
# content is given whole. The terminal shows the call as answered, and the rollout has both: the event on the call has
# the picture, the output that is sent has not.
#
# Why it matters: a server that starts to describe its pictures makes Codex blind to them, while other agents go on as
# before; the model says that it sees no picture, and nothing tells why. Who reads a rollout by what was sent, as
# the format suggests, has no picture either: it is in the event.
#
# Seen (what the model gets of a call that answers with a text and a picture):
#   content alone:                  text, picture
#   with structuredContent:         {"width":1}
#   in the event of the second one: text, picture, {"width":1}
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 >/dev/null
cat >camera.py <<'EOF2'
import json, sys

dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
content = [{"type": "text", "text": "One red dot."}, {"type": "image", "data": dot, "mimeType": "image/png"}]
answers = {"plain": {"content": content}, "structured": {"content": content, "structuredContent": {"width": 1}}}
for line in sys.stdin:
    message = json.loads(line)
    method, result = message.get("method"), {}
    if method == "initialize":
        version = message["params"]["protocolVersion"]
        result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": {"name": "camera", "version": "1"}}
    elif method == "tools/list":
        result = {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in answers]}
        result["tools"][1]["outputSchema"] = {"type": "object", "properties": {"width": {"type": "number"}}}
    elif method == "tools/call":
        result = answers[message["params"]["name"]]
    if "id" in message:
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
EOF2
cat >run.py <<'EOF2'
import glob, http.server, json, os, subprocess, threading

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        calls = [
            {"type": "function_call", "id": f"fc_{name}", "call_id": name, "name": name, "namespace": "mcp__camera", "arguments": "{}"}
            for name in ("plain", "structured")
        ]
        text = [{"type": "output_text", "text": "Seen.", "annotations": []}]
        items = calls if len(requests) == 1 else [{"type": "message", "id": "msg_1", "role": "assistant", "content": text}]
        usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        response = {"id": f"resp_{len(requests)}"}
        events = [{"type": "response.created", "response": response}]
        events += [{"type": "response.output_item.done", "output_index": place, "item": item} for place, item in enumerate(items)]
        events += [{"type": "response.completed", "response": {**response, "output": items, "usage": usage}}]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
with open("home/config.toml", "w") as file:
    file.write(f"""model = "gpt-5.5"
model_provider = "scripted"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.scripted]
name = "scripted"
base_url = "http://127.0.0.1:{model.server_address[1]}/v1"
wire_api = "responses"
env_key = "SCRIPTED_KEY"
[mcp_servers.camera]
command = "python3"
args = ["{work}/camera.py"]
""")
environment = {"PATH": os.environ["PATH"], "HOME": work, "CODEX_HOME": work + "/home", "SCRIPTED_KEY": "dummy"}
command = [work + "/cli/node_modules/.bin/codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
subprocess.run(
    [*command, "Look."], check=True, env=environment, cwd="shop", stdin=subprocess.DEVNULL, capture_output=True, timeout=100
)


def parts(content):
    """The parts of a content without the time that it took."""
    if isinstance(content, str):
        return content.partition("Output:\n")[2]
    names = {"input_text": "text", "input_image": "picture", "image": "picture"}
    return ", ".join(names.get(part["type"], part["type"]) for part in content if "Wall time" not in part.get("text", ""))


sent = {item["call_id"]: item["output"] for item in requests[1]["input"] if item["type"] == "function_call_output"}
[rollout] = glob.glob("home/sessions/*/*/*/*.jsonl")
for line in open(rollout):
    item = json.loads(line)["payload"].get("item", {})
    if item.get("type") == "McpToolCall" and item["tool"] == "structured":
        answer = item["result"]
print("content alone:", parts(sent["plain"]))
print("with structuredContent:", parts(sent["structured"]))
structured = json.dumps(answer["structuredContent"], separators=(",", ":"))
print("in the event of the second one:", f"{parts(answer['content'])}, {structured}")
EOF2
python3 run.py | tee report
cat >expected <<'EOF2'
content alone: text, picture
with structuredContent: {"width":1}
in the event of the second one: text, picture, {"width":1}
EOF2
cmp report expected
