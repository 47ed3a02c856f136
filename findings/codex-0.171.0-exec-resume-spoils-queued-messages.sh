#!/usr/bin/env bash
# npm @openai/codex 0.171.0.
#
# `codex queue --thread ID --message TEXT` ("Queue a message for an existing session") keeps messages for a session, each of
# which is to become a turn of its own. `codex exec resume ID PROMPT` takes them out of the queue, and gives none a turn:
# - the first one begins a turn, and PROMPT is put into it. A request for the first one alone is broken off; the model
#   gets both at once and gives one answer, which exec prints as the answer to PROMPT;
# - the next one begins a turn as soon as that answer is there. Then exec ends, and the turn is interrupted before
#   anything is asked: the rollout says that the user interrupted it on purpose. It is gone from the queue all the same.
# exec says nothing of either and ends with status 0. Messages behind the second one stay in the queue.
#
# Why it matters: what was queued for later, such as "run the tests" from a phone or a script, is never done, and the session
# says that a person stopped it. Scripts that use `exec resume` beside a queue get the answer to something that they did not
# ask. A reader that counts turns finds two prompts in one, and an interruption that no person made.
#
# Seen:
#   queued for later: Add milk. | Add sugar. | Add honey.
#   asked at once: Add milk. + How much is mint?, answers: 1
#   in the session: Name the teas. | Add milk. + How much is mint? | Add sugar. (interrupted)
#   still queued: Add honey.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 >/dev/null
cat >run.py <<'EOF'
import glob, http.server, json, os, sqlite3, subprocess, threading, time

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        # As long as a short answer takes.
        time.sleep(1)
        number = len(requests)
        item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed"}
        item["content"] = [{"type": "output_text", "text": f"Answer {number}.", "annotations": []}]
        usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        try:
            for event in [
                {"type": "response.created", "response": {"id": f"resp_{number}"}},
                {"type": "response.output_item.done", "output_index": 0, "item": item},
                {"type": "response.completed", "response": {"id": f"resp_{number}", "output": [item], "usage": usage}},
            ]:
                self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
        except ConnectionError:
            pass


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
options = ("--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")


def codex(*arguments):
    command = [work + "/cli/node_modules/.bin/codex", *arguments]
    run = subprocess.run(
        command, check=True, env=environment, cwd="shop", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100
    )
    return run.stdout


codex("exec", *options, "Name the teas.")
[rollout] = glob.glob("home/sessions/*/*/*/*.jsonl")
session = rollout[-42:-6]
queued = ["Add milk.", "Add sugar.", "Add honey."]
for message in queued:
    codex("queue", "--thread", session, "--message", message)
codex("exec", "resume", *options, session, "How much is mint?")
time.sleep(2)

turns, answers, words = [], 0, [*queued, "How much is mint?", "Name the teas."]
for line in open(rollout):
    payload = json.loads(line)["payload"]
    kind = payload.get("type")
    if kind == "task_started":
        turns.append([])
    elif kind == "message" and payload["role"] in ("user", "assistant"):
        [text, *_] = [part["text"] for part in payload["content"]]
        if text in words:
            turns[-1].append(text)
        answers += len(turns) > 1 and payload["role"] == "assistant"
    elif kind == "turn_aborted":
        turns[-1][-1] += f" ({payload['reason']})"
sent = [part["text"] for item in requests[-1]["input"] if item["type"] == "message" for part in item["content"]]
sent = sent[sent.index("Answer 1.") + 1 :]
with sqlite3.connect("home/queue_1.sqlite") as database:
    left = str(database.execute("SELECT * FROM queued_items").fetchall())
print("queued for later:", " | ".join(queued))
print(f"asked at once: {' + '.join(text for text in sent if text in words)}, answers: {answers}")
print("in the session:", " | ".join(" + ".join(turn) for turn in turns))
print("still queued:", " | ".join(message for message in queued if message in left))
EOF
python3 run.py | tee report
cat >expected <<'EOF'
queued for later: Add milk. | Add sugar. | Add honey.
asked at once: Add milk. + How much is mint?, answers: 1
in the session: Name the teas. | Add milk. + How much is mint? | Add sugar. (interrupted)
still queued: Add honey.
EOF
cmp report expected
