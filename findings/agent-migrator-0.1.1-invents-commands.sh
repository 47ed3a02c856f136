#!/usr/bin/env bash
# PyPI agent-migrator 0.1.1, moving sessions of npm @anthropic-ai/claude-code 2.1.332 to Codex.
#
# `agent-migrator move --from claude-code --to codex` writes commands that nobody ran:
# - A Read of one line of a file becomes `cat FILE`, with that one line as its output: the next model takes it for the file.
# - A picture that was read becomes `cat dot.png`, which printed nothing.
# - A command that failed is an exec_command_end with exit_code 0 and status "completed".
# The results are those of the real calls, so that nothing in the copy tells what was made up. It also leaves out the summary
# of a compaction: a fork of a compacted session begins in the middle, with an answer to nothing. No loss is reported.
#
# Why it matters: the model of the other agent goes on from what it is told was run. Of these calls the first one makes it edit
# a file of which it knows a line, and the last one lets a failed test count as passed.
#
# The sessions are made by Claude Code itself, against a model server on the loopback.
#
# Seen:
#   asked: Read menu.txt, line 2     | copied: cat menu.txt -> 2	tea
#   asked: Read dot.png              | copied: cat dot.png -> nothing
#   asked: false                     | copied: false -> Exit code 1, exit_code 0, completed
#   fork of a compacted session, sent by claude: SUMMARY | All read. | Go elsewhere.
#   fork of a compacted session, copied:         All read. | Go elsewhere.
set -eu
# It finds no sessions of a directory with a dot in its path.
work=$(mktemp -d "${TMPDIR:-/tmp}/findingXXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.codex shop
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check agent-migrator==0.1.1
cat >run.py <<'EOF'
import base64, glob, http.server, json, os, subprocess, threading, time

work = os.path.realpath(os.getcwd())
shop = work + "/shop"
requests, script = [], []
dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
with open(shop + "/menu.txt", "w") as file:
    file.write("coffee\ntea\ncocoa\n")
with open(shop + "/dot.png", "wb") as file:
    file.write(base64.b64decode(dot))


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        block = {"type": "text", "text": "title"}
        if body.get("tools"):
            requests.append(body)
            block = script.pop(0)
        input = json.dumps(block.get("input", {}))
        shown = {**block, "input": {}} if block["type"] == "tool_use" else {**block, "text": ""}
        said = {"type": "text_delta", "text": block.get("text")}
        delta = {"type": "input_json_delta", "partial_json": input} if "input" in block else said
        reason = "tool_use" if "input" in block else "end_turn"
        message = {"id": f"msg_{time.time_ns()}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": shown},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ]:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
with open("home/.claude.json", "w") as file:
    json.dump({"hasCompletedOnboarding": True}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "LANG": "C.UTF-8", "IS_SANDBOX": "1"}
environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
environment |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}
common = {"cwd": shop, "env": environment, "stdin": subprocess.DEVNULL, "check": True, "timeout": 100}


def claude(*arguments: str) -> None:
    command = [work + "/cli/node_modules/.bin/claude", "--print", "--model", "sonnet", "--dangerously-skip-permissions"]
    subprocess.run([*command, *arguments], stdout=subprocess.DEVNULL, **common)


def call(number: int, name: str, **input: object) -> dict:
    return {"type": "tool_use", "id": f"toolu_{number:012}", "name": name, "input": input}


def text(said: str) -> dict:
    return {"type": "text", "text": said}


def files(pattern: str) -> set:
    return set(glob.glob(work + "/home/" + pattern))


def migrated(source: str) -> list:
    before = files(".codex/sessions/*/*/*/*.jsonl")
    command = [work + "/py/bin/agent-migrator", shop, "move", "--from", "claude-code", "--to", "codex", "--id", source]
    subprocess.run(command, stdout=subprocess.DEVNULL, **common)
    [copy] = files(".codex/sessions/*/*/*/*.jsonl") - before
    return [json.loads(line)["payload"] for line in open(copy)]


script += [call(1, "Read", file_path=shop + "/menu.txt", offset=2, limit=1), call(2, "Read", file_path=shop + "/dot.png")]
script += [call(3, "Bash", command="false", description="Fail"), text("All read.")]
claude("Look around.")
[first] = files(".claude/projects/*/*.jsonl")
session = os.path.basename(first)[:-6]
copied = migrated(session)
commands = [json.loads(line["arguments"])["command"] for line in copied if line.get("type") == "function_call"]
outputs = [line["output"] for line in copied if line.get("type") == "function_call_output"]
[failed] = [line for line in copied if line.get("type") == "exec_command_end" and line["command"][-1] == "false"]
for asked, command, output in zip(("Read menu.txt, line 2", "Read dot.png", "false"), commands, outputs, strict=True):
    command = command.replace(shop + "/", "")
    ending = f", exit_code {failed['exit_code']}, {failed['status']}" if command == "false" else ""
    print(f"asked: {asked:<25} | copied: {command} -> {output.strip() or 'nothing'}{ending}")

script.append(text("<summary>They read files.</summary>"))
claude("--resume", session, "/compact")
script.append(text("Gone."))
claude("--resume", session, "--fork-session", "Go elsewhere.")
[fork] = files(".claude/projects/*/*.jsonl") - {first}


def told(texts: list) -> str:
    texts = ["SUMMARY" if "They read files." in one else one.strip() for one in texts]
    return " | ".join(one for one in texts if one in ("SUMMARY", "All read.", "Go elsewhere."))


contents = [message["content"] for message in requests[-1]["messages"]]
blocks = [block for one in contents for block in ([text(one)] if isinstance(one, str) else one)]
print("fork of a compacted session, sent by claude:", told([block.get("text", "") for block in blocks]))
parts = [part for line in migrated(os.path.basename(fork)[:-6]) if line.get("role") for part in line["content"]]
print("fork of a compacted session, copied:        ", told([part["text"] for part in parts]))
EOF
python3 run.py | tee report
cat >expected <<'EOF'
asked: Read menu.txt, line 2     | copied: cat menu.txt -> 2	tea
asked: Read dot.png              | copied: cat dot.png -> nothing
asked: false                     | copied: false -> Exit code 1, exit_code 0, completed
fork of a compacted session, sent by claude: SUMMARY | All read. | Go elsewhere.
fork of a compacted session, copied:         All read. | Go elsewhere.
EOF
cmp report expected
