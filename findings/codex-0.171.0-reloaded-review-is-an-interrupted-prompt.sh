#!/usr/bin/env bash
# npm @openai/codex 0.171.0.
#
# A review (/review, `codex exec review`, review/start) asks a reviewer in a thread of its own. What that one is asked is
# written into the session's rollout as well, as a message of the user with the reviewer's thread and turn. While the program
# runs, the session shows a review and what it found. Once the session is loaded again, it has a turn more: the text that
# the program made for the reviewer stands as a prompt of the user, in a turn that was interrupted. The terminal writes
# "Conversation interrupted" below it. In a fork that turn stands behind the review, where it is the last thing that happened.
# The model never gets it.
#
# Why it matters: people and tools see a prompt that nobody typed and an interruption that did not happen. Who counts
# turns, or goes back by one, counts it.
#
# Seen (the turns; a prompt in quotes):
#   while it runs: "Add mint." completed | review completed
#   loaded again:  "Add mint." completed | "Review the current code changes" interrupted | review completed
#   in a fork:     "Add mint." completed | review completed | "Review the current code changes" interrupted
#   sent to the model later: Add mint. | Go on.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 >/dev/null
git init --quiet shop
echo mint >shop/teas.txt
cat >run.py <<'EOF2'
import http.server, json, os, queue, subprocess, threading

work = os.path.realpath(os.getcwd())
requests = []
found = {"findings": [], "overall_correctness": "patch is correct", "overall_explanation": "All is well.", "overall_confidence_score": 0.9}


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        text = json.dumps(found) if "prioritized findings" in json.dumps(requests[-1]["input"]) else "Done."
        item = {"type": "message", "id": f"msg_{len(requests)}", "role": "assistant", "status": "completed"}
        item["content"] = [{"type": "output_text", "text": text, "annotations": []}]
        usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        response = {"id": f"resp_{len(requests)}"}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in [
            {"type": "response.created", "response": response},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": {**response, "output": [item], "usage": usage}},
        ]:
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
""")
environment = {"PATH": os.environ["PATH"], "HOME": work, "CODEX_HOME": work + "/home", "SCRIPTED_KEY": "dummy"}


class AppServer:
    def __init__(self):
        command = [work + "/cli/node_modules/.bin/codex", "app-server"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, cwd="shop", env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        )
        self.messages, self.number = queue.Queue(), 0
        threading.Thread(target=self.read, daemon=True).start()
        self.call("initialize", clientInfo={"name": "finding", "version": "1"}, capabilities={"experimentalApi": True})
        self.send({"method": "initialized"})

    def read(self):
        for line in self.process.stdout:
            self.messages.put(json.loads(line))

    def send(self, message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.process.stdin.flush()

    def call(self, method, **params):
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while True:
            message = self.messages.get(timeout=60)
            if message.get("id") == self.number and "method" not in message:
                return message["result"]

    def turn(self, thread, method, **params):
        """Begin a turn and wait for its end; the items that were shown meanwhile in the session itself."""
        turn = self.call(method, threadId=thread, **params)["turn"]["id"]
        items = []
        while True:
            message = self.messages.get(timeout=60)
            of_turn = message.get("params", {})
            if message.get("method") == "item/completed" and of_turn["turnId"] == turn:
                items.append(of_turn["item"])
            if message.get("method") == "turn/completed" and of_turn["turn"]["id"] == turn:
                return {"items": items, "status": of_turn["turn"]["status"]}

    def close(self):
        self.process.terminate()
        self.process.wait()


def shown(turns):
    names = []
    for turn in turns:
        kinds = [item["type"] for item in turn["items"]]
        prompts = [part["text"] for item in turn["items"] if item["type"] == "userMessage" for part in item["content"]]
        name = "review" if "enteredReviewMode" in kinds else '"{}"'.format(prompts[0].split(" (")[0])
        names.append(f"{name} {turn['status']}")
    return " | ".join(names)


def prompt(text):
    return {"input": [{"type": "text", "text": text}]}


server = AppServer()
thread = server.call("thread/start", cwd=work + "/shop", sandbox="danger-full-access", approvalPolicy="never")["thread"]["id"]
live = [server.turn(thread, "turn/start", **prompt("Add mint."))]
live.append(server.turn(thread, "review/start", target={"type": "uncommittedChanges"}, delivery="inline"))
server.close()
server = AppServer()
loaded = server.call("thread/resume", threadId=thread)["thread"]["turns"]
forked = server.call("thread/fork", threadId=thread)["thread"]["turns"]
server.turn(thread, "turn/start", **prompt("Go on."))
server.close()
sent = [part["text"] for item in requests[-1]["input"] if item.get("role") == "user" for part in item["content"]]
print("while it runs:", shown(live))
print("loaded again: ", shown(loaded))
print("in a fork:    ", shown(forked))
print("sent to the model later:", " | ".join(text for text in sent if not text.startswith("<")))
EOF2
python3 run.py | tee report
cat >expected <<'EOF2'
while it runs: "Add mint." completed | review completed
loaded again:  "Add mint." completed | "Review the current code changes" interrupted | review completed
in a fork:     "Add mint." completed | review completed | "Review the current code changes" interrupted
sent to the model later: Add mint. | Go on.
EOF2
cmp report expected
