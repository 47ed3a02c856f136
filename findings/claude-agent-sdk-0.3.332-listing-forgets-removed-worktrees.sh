#!/usr/bin/env bash
# npm @anthropic-ai/claude-agent-sdk 0.3.332 and PyPI claude-agent-sdk 0.2.189, with npm @anthropic-ai/claude-code 2.1.332.
#
# A session that starts with --worktree, or calls EnterWorktree later (which moves its file), lies in the folder of the
# worktree. The SDKs list it under the repository only as long as `git worktree list` names that directory. When the
# branch is merged and the worktree removed, listSessions({ dir }) and list_sessions(directory) answer without it, although the
# file is still there, and `claude --resume ID` goes on with it in the repository. That appends to the file in the folder of
# the directory that is gone, with the repository as cwd, and the listing still lacks it. `claude --continue` takes another
# session. For a session that was moved, cwd is the worktree in TypeScript (last line) and the repository in Python (first).
#
# Why it matters: a backup or a picker that lists a project's sessions loses those of finished branches. The listing
# without a directory has them all; "worktreeSession.originalCwd" in the file says where they belong.
#
# Seen:
#   typescript, worktrees there:  begun here | begun in it | moved to it, cwd of the moved one: worktree
#   python, worktrees there:      begun here | begun in it | moved to it, cwd of the moved one: repository
#   typescript, worktrees removed: begun here
#   python, worktrees removed:     begun here
#   resumed by id in the repository: the model got the prompt "begun in it", last cwd in the file: repository
#   typescript, after that: begun here
#   --continue in the repository: the model got the prompt "begun here"
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p home shop cli sdk
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
npm install --silent --no-audit --no-fund --omit=optional --prefix sdk @anthropic-ai/claude-agent-sdk@0.3.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check claude-agent-sdk==0.2.189
cat >sdk/list.mjs <<'EOF'
import { listSessions } from '@anthropic-ai/claude-agent-sdk'
const found = await listSessions({ dir: process.argv[2] })
console.log(JSON.stringify(found.map((s) => [s.firstPrompt, s.cwd])))
EOF
cat >list.py <<'EOF'
import json, sys
from claude_agent_sdk import list_sessions

print(json.dumps([[s.first_prompt, s.cwd] for s in list_sessions(directory=sys.argv[1])]))
EOF
cat >run.py <<'EOF'
import glob, http.server, json, os, subprocess, threading

work = os.path.realpath(os.getcwd())
shop = work + "/shop"
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        requests.append(body)
        sent = json.dumps(body["messages"])
        # The first answer to this prompt calls the tool.
        moves = "moved to it" in sent and "tool_result" not in sent
        block = {"type": "tool_use", "id": f"toolu_{len(requests)}", "name": "EnterWorktree", "input": {}} if moves else {"type": "text", "text": ""}
        delta = {"type": "input_json_delta", "partial_json": "{}"} if moves else {"type": "text_delta", "text": "Answer."}
        message = {"id": f"msg_{len(requests)}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        events = [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use" if moves else "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "ANTHROPIC_API_KEY": "dummy", "DISABLE_AUTOUPDATER": "1"}
environment |= {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}


def run(*command: str, cwd: str = shop) -> str:
    common = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    return subprocess.run(["timeout", "100", *command], check=True, cwd=cwd, env=environment, **common).stdout


def claude(*arguments: str) -> str:
    """Run one prompt, and give which of the first prompts the model got."""
    count = len(requests)
    run(work + "/cli/node_modules/.bin/claude", "--model", "sonnet", "-p", *arguments)
    sent = json.dumps([message for body in requests[count:] for message in body["messages"] if message["role"] == "user"])
    [first] = [prompt for prompt in ("begun here", "begun in it", "moved to it") if prompt in sent]
    return first


def listed(language: str) -> str:
    if language == "python":
        found = json.loads(run(work + "/py/bin/python", work + "/list.py", shop))
    else:
        found = json.loads(run("node", "list.mjs", shop, cwd=work + "/sdk"))
    text = " | ".join(sorted(prompt for prompt, _ in found))
    for prompt, cwd in found:
        if prompt == "moved to it":
            text += f", cwd of the moved one: {'repository' if cwd == shop else 'worktree'}"
    return text


run("git", "init", "--quiet", ".")
run("git", "-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit", "--quiet", "--allow-empty", "--message", "first")
claude("begun here")
claude("begun in it", "--worktree", "fig")
claude("moved to it", "--allowedTools", "EnterWorktree")
[file] = glob.glob("home/.claude/projects/*-fig/*.jsonl")
print("typescript, worktrees there: ", listed("typescript"))
print("python, worktrees there:     ", listed("python"))
for tree in glob.glob("shop/.claude/worktrees/*"):
    # Twice: the program locked the worktree.
    run("git", "worktree", "remove", "--force", "--force", os.path.abspath(tree))
print("typescript, worktrees removed:", listed("typescript"))
print("python, worktrees removed:    ", listed("python"))
got = claude("go on", "--resume", os.path.basename(file)[:-6])
last = [line["cwd"] for line in map(json.loads, open(file)) if line["type"] == "user"][-1]
print(f'resumed by id in the repository: the model got the prompt "{got}", last cwd in the file: {"repository" if last == shop else last}')
print("typescript, after that:", listed("typescript"))
print(f'--continue in the repository: the model got the prompt "{claude("go on", "--continue")}"')
EOF
python3 run.py | tee report
cat >expected <<'EOF'
typescript, worktrees there:  begun here | begun in it | moved to it, cwd of the moved one: worktree
python, worktrees there:      begun here | begun in it | moved to it, cwd of the moved one: repository
typescript, worktrees removed: begun here
python, worktrees removed:     begun here
resumed by id in the repository: the model got the prompt "begun in it", last cwd in the file: repository
typescript, after that: begun here
--continue in the repository: the model got the prompt "begun here"
EOF
cmp report expected
