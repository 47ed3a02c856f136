#!/usr/bin/env bash
# npm @openai/codex 0.171.0.
#
# A session that is continued with a model of another generation (`codex exec resume -m`, or after `model` in config.toml has
# changed, as it does when the terminal offers a newer model and that is taken) is compacted before the first prompt,
# however short it is: the new model gets the prompts and a summary, which the old model writes, and none of the answers,
# commands and outputs. Going on with the old model, as the warning in the same run advises, does not bring them back: it
# compacts a second time, from the summary. Models of one generation have the same `comp_hash` in the program's list of
# models. No documentation of it was found; issue 29426 of openai/codex reports short sessions that a resume compacts,
# without the cause.
#
# Why it matters: who tries a newer model on yesterday's session, or resumes after the default has changed, goes on with a model
# that knows the work from a paragraph, and the way back costs what the second summary leaves out of the first. Only a fork
# of the session as it was before (`codex exec fork` with the old model, made beforehand) still sends the conversation.
#
# Seen (what the first request after each resume holds; the conversation took 30 tokens):
#   gpt-5.5:     prompt, answer, call, output, answer, prompt
#   gpt-6.2-sol: prompt, summary 1, prompt
#   advice:      Consider switching back to `gpt-5.5`
#   gpt-5.5:     prompt, prompt, summary 2, prompt
#   summary 2 was written from: prompt, summary 1, prompt, answer
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 >/dev/null
echo "Mint 2" >shop/teas.txt
cat >run.py <<'EOF2'
import glob, http.server, json, os, re, subprocess, threading

work = os.path.realpath(os.getcwd())
requests, compactions = [], []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        number = len(requests) + len(compactions)
        text, call = f"Answer {number}.", None
        if "CONTEXT CHECKPOINT COMPACTION" in json.dumps(body["input"][-1]):
            compactions.append(body)
            text = f"Summary {len(compactions)}."
        else:
            requests.append(body)
            if len(requests) == 1:
                call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "exec_command"}
                call["arguments"] = json.dumps({"cmd": "cat teas.txt"})
        item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed"}
        item["content"] = [{"type": "output_text", "text": text, "annotations": []}]
        items = [item, call] if call else [item]
        usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        response = {"id": f"resp_{number}"}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in [
            {"type": "response.created", "response": response},
            *({"type": "response.output_item.done", "output_index": place, "item": one} for place, one in enumerate(items)),
            {"type": "response.completed", "response": {**response, "output": items, "usage": usage}},
        ]:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
with open("home/config.toml", "w") as file:
    file.write(f"""model_provider = "scripted"
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


def ask(model, *words):
    """Run the program with a model; what it writes for the person."""
    options = ["--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--model", model]
    head = ["exec", "resume"] if len(words) == 2 else ["exec"]
    command = [work + "/cli/node_modules/.bin/codex", *head, *options, *words]
    run = subprocess.run(
        command, cwd="shop", env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return run.stderr


def kinds(body):
    """The conversation in a request, without what the program puts in."""
    found = []
    for item in body["input"]:
        if item["type"] == "message" and item["role"] in ("user", "assistant"):
            text = "".join(part["text"] for part in item["content"])
            if summary := re.search(r"\bSummary (\d+)\.$", text):
                found.append(f"summary {summary[1]}")
            elif not text.startswith(("<", "You are performing a CONTEXT CHECKPOINT COMPACTION")):
                found.append("prompt" if item["role"] == "user" else "answer")
        elif item["type"] in ("function_call", "function_call_output"):
            found.append("call" if item["type"] == "function_call" else "output")
    return ", ".join(found)


ask("gpt-5.5", "What does mint cost?")
[rollout] = glob.glob("home/sessions/*/*/*/*.jsonl")
thread = rollout[-len("01234567-0123-0123-0123-0123456789ab.jsonl") : -len(".jsonl")]
# A fork shows what the same model would get.
subprocess.run(
    [work + "/cli/node_modules/.bin/codex", "exec", "fork", "--skip-git-repo-check", "--model", "gpt-5.5", thread, "And tea?"],
    cwd="shop", env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=120,
)
print("gpt-5.5:    ", kinds(requests[-1]))
told = ask("gpt-6.2-sol", thread, "And black tea?")
print("gpt-6.2-sol:", kinds(requests[-1]))
print("advice:     ", re.search(r"Consider switching back to `[^`]*`", told)[0])
ask("gpt-5.5", thread, "And green tea?")
print("gpt-5.5:    ", kinds(requests[-1]))
print("summary 2 was written from:", kinds(compactions[-1]))
EOF2
python3 run.py | tee report
cat >expected <<'EOF2'
gpt-5.5:     prompt, answer, call, output, answer, prompt
gpt-6.2-sol: prompt, summary 1, prompt
advice:      Consider switching back to `gpt-5.5`
gpt-5.5:     prompt, prompt, summary 2, prompt
summary 2 was written from: prompt, summary 1, prompt, answer
EOF2
cmp report expected
