#!/usr/bin/env bash
# npm @openai/codex 0.171.0.
#
# A side conversation (/side in the terminal, `thread/fork` with `attachToSource`) is a thread of its own, which is archived
# when it is left. No ordinary list has it, neither among the threads nor among the archived ones (so the protocol says of
# `attachedToThreadId`). Once a session has had one, it cannot be deleted any more: `codex delete` ends with status 1 and
# "failed to delete session", whether the side conversation was left or not, and gives no reason. Only the app server
# tells it, and the id that is to be deleted first. `codex archive` archives the session and leaves the file of the side
# conversation, which holds what was asked there, out of sight.
#
# Why it matters: who deletes a session for what is in it, is refused without a way out: the other id is shown nowhere. Of what
# was believed deleted or never there, two files stay.
#
# Seen:
#   threads:           1
#   archived threads:  0
#   attached to it:    1 archived
#   codex delete:      status 1, Error: failed to delete session
#   the app server:    cannot delete thread while attached thread <side conversation> exists; delete the attached thread first
#   files that stay:   2
#   with the id of the side conversation deleted first: status 0, 0 files
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 >/dev/null
cat >run.py <<'EOF2'
import glob, http.server, json, os, queue, subprocess, threading

work = os.path.realpath(os.getcwd())
codex = work + "/cli/node_modules/.bin/codex"


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
        item["content"] = [{"type": "output_text", "text": "Done.", "annotations": []}]
        usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        response = {"id": "resp_1"}
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
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [codex, "app-server"], cwd="shop", env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
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

    def answer(self, method, **params):
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while True:
            message = self.messages.get(timeout=60)
            if message.get("id") == self.number and "method" not in message:
                return message

    def call(self, method, **params):
        return self.answer(method, **params)["result"]

    def ask(self, thread, text):
        self.call("turn/start", threadId=thread, input=[{"type": "text", "text": text}])
        while self.messages.get(timeout=60).get("method") != "turn/completed":
            pass

    def list(self, **params):
        return [one["id"] for one in self.call("thread/list", modelProviders=[], **params)["data"]]

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


def delete(thread):
    run = subprocess.run(
        [codex, "delete", "--force", thread],
        cwd="shop", env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )
    return run.returncode, run.stderr.strip().splitlines()[-1:]


def files():
    return glob.glob("home/**/rollout-*.jsonl", recursive=True)


server = AppServer()
settings = {"cwd": work + "/shop", "sandbox": "danger-full-access", "approvalPolicy": "never"}
thread = server.call("thread/start", **settings)["thread"]["id"]
server.ask(thread, "Add mint.")
side = server.call("thread/fork", threadId=thread, attachToSource=True)["thread"]["id"]
server.ask(side, "What is mint?")
server.call("thread/archive", threadId=side)
print("threads:          ", len(server.list()))
print("archived threads: ", len(server.list(archived=True)))
print("attached to it:   ", len(server.list(attachedToThreadId=thread, archived=True)), "archived")
told = server.answer("thread/delete", threadId=thread)["error"]["message"]
server.close()
status, [error] = delete(thread)
print(f"codex delete:      status {status}, {error}")
print("the app server:   ", told.replace(side, "<side conversation>"))
print("files that stay:  ", len(files()))
first, _ = delete(side)
then, _ = delete(thread)
print(f"with the id of the side conversation deleted first: status {first or then}, {len(files())} files")
EOF2
python3 run.py | tee report
cat >expected <<'EOF2'
threads:           1
archived threads:  0
attached to it:    1 archived
codex delete:      status 1, Error: failed to delete session
the app server:    cannot delete thread while attached thread <side conversation> exists; delete the attached thread first
files that stay:   2
with the id of the side conversation deleted first: status 0, 0 files
EOF2
cmp report expected
