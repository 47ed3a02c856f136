#!/usr/bin/env bash
# npm @anthropic-ai/claude-code 2.1.332.
#
# A long output of a command is put into a file in the folder of its session, and the model gets the path and the first 2 KB. A
# fork (`--fork-session`, /branch, /fork) copies the lines and not the files: its results name those of the session that
# it was made from. The clean-up after 30 days (`cleanupPeriodDays`) goes by the time of each session's file alone, so that it
# deletes a source that was left, with its outputs, while its fork is used every day. The fork goes on naming the file to its
# model, which is told that the full output is there.
#
# Why it matters: who forks in order to go on, loses what the first part of the conversation printed, without a word.
# `claude --resume` of the fork sends the promise of a file that does not exist; whoever copies the fork's own folder, as
# a backup, has half of it.
#
# Seen:
#   outputs of the source, and of the fork:    1 0
#   after a month without the source:          source deleted, fork kept
#   sent to the model in the fork:             Full output saved to: <folder of the source>/tool-results/<name>.txt
#   that file exists:                          no
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.claude shop
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
cat >run.py <<'EOF2'
import glob, http.server, json, os, re, subprocess, threading, time

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        if body.get("tools"):
            requests.append(body)
        last = json.dumps([one for one in body["messages"] if one["role"] != "system"][-1:])
        command = "seq 1 40000" if "Count." in last else "sleep 9" if "Wait." in last else ""
        if not body.get("tools") or "tool_result" in last:
            command = ""
        block = {"type": "text", "text": ""}
        delta = {"type": "text_delta", "text": "Done."}
        if command:
            # The clean-up begins some seconds after the start.
            block = {"type": "tool_use", "id": f"toolu_{len(requests)}", "name": "Bash", "input": {}}
            given = json.dumps({"command": command, "description": "Run a command"})
            delta = {"type": "input_json_delta", "partial_json": given}
        message = {"id": f"msg_{len(requests)}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        stop = {"stop_reason": "tool_use" if command else "end_turn"}
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
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "IS_SANDBOX": "1", "LANG": "C.UTF-8"}
environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
environment |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}


def ask(prompt, *options):
    """Run the program; the files of sessions that are new."""
    known = set(glob.glob("home/.claude/projects/*/*.jsonl"))
    command = [work + "/cli/node_modules/.bin/claude", "--print", "--model", "sonnet", "--dangerously-skip-permissions"]
    subprocess.run(
        [*command, *options, prompt],
        check=True, cwd="shop", env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
    )
    return sorted(set(glob.glob("home/.claude/projects/*/*.jsonl")) - known)


def outputs(file):
    return glob.glob(file.removesuffix(".jsonl") + "/tool-results/*.txt")


[source] = ask("Count.")
session = os.path.basename(source).removesuffix(".jsonl")
[fork] = ask("Go on.", "--resume", session, "--fork-session")
print("outputs of the source, and of the fork:   ", len(outputs(source)), len(outputs(fork)))
then = time.time() - 31 * 86400
for file in [source, *outputs(source), source.removesuffix(".jsonl")]:
    os.utime(file, (then, then))
# It holds the next clean-up off for a day.
for mark in glob.glob("home/.claude/.last-cleanup"):
    os.remove(mark)
ask("Wait.", "--resume", os.path.basename(fork).removesuffix(".jsonl"))
states = [f"{name} {'kept' if os.path.exists(file) else 'deleted'}" for name, file in (("source", source), ("fork", fork))]
print("after a month without the source:         ", ", ".join(states))
path = re.search(r"Full output saved to: ([^\\]+)", json.dumps(requests[-1]["messages"]))[1]
shown = path.replace(os.path.realpath(source.removesuffix(".jsonl")), "<folder of the source>")
print("sent to the model in the fork:             Full output saved to:", re.sub(r"[a-z0-9]+\.txt", "<name>.txt", shown))
print("that file exists:                         ", "yes" if os.path.exists(path) else "no")
EOF2
python3 run.py | tee report
cat >expected <<'EOF2'
outputs of the source, and of the fork:    1 0
after a month without the source:          source deleted, fork kept
sent to the model in the fork:             Full output saved to: <folder of the source>/tool-results/<name>.txt
that file exists:                          no
EOF2
cmp report expected
