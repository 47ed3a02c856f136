#!/usr/bin/env bash
# npm @openai/codex 0.171.0, app-server methods externalAgentConfig/detect and externalAgentConfig/import, reading a transcript
# of Claude Code (format of 2.1.332).
#
# A Claude Code transcript is a tree: each line names its parent, and a rewind leaves the undone turns in the file as a branch
# that no later line descends from. The import reads the lines in the order of the file and does not look at parentUuid:
# - a turn that was undone comes back as part of the conversation, between the turns around it, in the items that Codex sends
#   to its model;
# - a prompt that was typed while the agent worked is stored by Claude Code as an attachment (queued_command); it is left out,
#   while the reply that answers it is taken over;
# - of a Write or Edit call only the path is kept: the text that was written, or replaced, is lost. The result line stays.
# The import reports success, and nothing in the new session tells of the loss.
#
# Why it matters: somebody who moves from one agent to the other goes on with a history that he took back, and without what
# was written into his files. Keep the original transcript; an importer of one's own must walk the tree.
#
# Seen:
#   import: 1 success, 0 failures
#   undone prompt: imported
#   queued prompt: lost, its answer: imported
#   text given to Write: lost, texts given to Edit: lost
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.codex shop
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 >/dev/null
cat >run.py <<'EOF'
import datetime, glob, json, os, subprocess, sys

work = os.getcwd()
folder = work + "/home/.claude/projects/" + "".join(c if c.isascii() and c.isalnum() else "-" for c in work + "/shop")
os.makedirs(folder)
session = "11111111-1111-4111-8111-111111111111"
start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
lines = []


def add(parent: str | None, kind: str, content: object = None, **fields: object) -> str:
    number = len(lines)
    uuid = f"00000000-0000-4000-8000-{number:012d}"
    stamp = (start + datetime.timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    line = {"parentUuid": parent, "isSidechain": False, "type": kind, "uuid": uuid, "timestamp": stamp, "cwd": work + "/shop"}
    line |= {"sessionId": session, "version": "2.1.332", **fields}
    if content is not None:
        line["message"] = {"role": kind, "content": content}
    if kind == "assistant":
        line["message"] |= {"id": f"msg_{number}", "type": "message", "model": "claude-opus-5-5"}
    lines.append(line)
    return uuid


def call(parent: str, number: int, name: str, arguments: dict) -> str:
    use = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": {"file_path": work + "/shop/a.txt", **arguments}}
    asked = add(parent, "assistant", [use])
    return add(asked, "user", [{"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": "ok"}])


answer = add(add(None, "user", "first prompt"), "assistant", [{"type": "text", "text": "first answer"}])
add(add(answer, "user", "undone prompt"), "assistant", [{"type": "text", "text": "undone answer"}])
written = call(add(answer, "user", "kept prompt"), 1, "Write", {"content": "written text"})
queued = {"type": "queued_command", "prompt": [{"type": "text", "text": "queued prompt"}], "commandMode": "prompt"}
edited = call(add(written, "attachment", attachment=queued), 2, "Edit", {"old_string": "written", "new_string": "better"})
leaf = add(edited, "assistant", [{"type": "text", "text": "answer to the queued prompt"}])
lines.append({"type": "last-prompt", "lastPrompt": "kept prompt", "leafUuid": leaf, "sessionId": session})
with open(f"{folder}/{session}.jsonl", "w") as file:
    file.writelines(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)

environment = {"PATH": os.environ["PATH"], "HOME": work + "/home"}
server = subprocess.Popen(["timeout", "60", work + "/cli/node_modules/.bin/codex", "app-server"], env=environment, cwd=work + "/shop",
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def send(message: dict) -> None:
    server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    server.stdin.flush()


def wait(test) -> dict:
    for line in server.stdout:
        if test(message := json.loads(line)):
            return message
    sys.exit("the server ended")


info = {"clientInfo": {"name": "find", "version": "1"}, "capabilities": {"experimentalApi": True}}
send({"id": 1, "method": "initialize", "params": info})
wait(lambda m: m.get("id") == 1)
send({"method": "initialized"})
send({"id": 2, "method": "externalAgentConfig/detect", "params": {"includeHome": True, "cwds": [work + "/shop"]}})
items = wait(lambda m: m.get("id") == 2)["result"]["items"]
send({"id": 3, "method": "externalAgentConfig/import", "params": {"migrationItems": items}})
ended = wait(lambda m: m.get("method") == "externalAgentConfig/import/completed")
server.terminate()
server.wait()
[result] = ended["params"]["itemTypeResults"]
print(f"import: {len(result['successes'])} success, {len(result['failures'])} failures")
[rollout] = glob.glob(work + "/home/.codex/sessions/*/*/*/*.jsonl")
stored = [row["payload"] for row in map(json.loads, open(rollout)) if row["type"] == "response_item"]
text = json.dumps(stored)
has = lambda *parts: "imported" if any(part in text for part in parts) else "lost"
print("undone prompt:", has("undone prompt"))
print("queued prompt: " + has('"queued prompt"') + ", its answer: " + has("answer to the queued prompt"))
print("text given to Write: " + has("written text") + ", texts given to Edit: " + has("better"))
EOF
python3 run.py | tee report
cat >expected <<'EOF'
import: 1 success, 0 failures
undone prompt: imported
queued prompt: lost, its answer: imported
text given to Write: lost, texts given to Edit: lost
EOF
cmp report expected
