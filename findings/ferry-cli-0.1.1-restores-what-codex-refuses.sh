#!/usr/bin/env bash
# PyPI ferry-cli 0.1.1 (command ferry), with npm @anthropic-ai/claude-code 2.1.332 and @openai/codex 0.171.0.
#
# `ferry export` is a backup from which `ferry import` restores on a new machine. It says "1 of 1" and "2 of 2 conversations
# exported" and warns of nothing, and
# - of Claude Code it takes the transcript and the long tool outputs, and leaves out the folder `subagents`: what agents were
#   asked, read and did is in no other file. (Rollouts of Codex subagents are taken, and counted in the report.)
# - of Codex it takes what lies below `sessions`, and leaves out what was archived, which Codex lists and restores;
# - in the index of Codex it enters `openai` as the provider of each session, whatever the rollout says. A session with another
#   one (a company's gateway, a model on the machine) is refused: its provider cannot be changed on resume;
# - a fork of Codex is a file that names another one in history_base, up to an ordinal and a byte, and holds only its own turns.
#   The rollouts are written anew from the messages, and thus are shorter, while the header of the fork is copied as it was: the
#   byte is behind the end of the other file, and Codex refuses the fork, whatever its provider.
#
# Why it matters: after the old machine is gone, this is lost. What `ferry import` reports besides (window state, token counts
# and compactions of Codex) is told beforehand; this is not. Compare the files below ~/.claude/projects and ~/.codex.
#
# All sessions are made by the programs themselves, against a model server on the loopback.
#
# Seen:
#   claude: 1 of 1 sessions exported; files of subagents: 1, in the bundle: 0, restored: 0
#   codex: 2 of 2 conversations exported; the archived one is in the bundle: False
#   codex: the fork sends, old machine: first second figs
#   codex: the source, on the new machine: Cannot change this thread's model provider from `openai` to `local`
#   codex: the fork, on the new machine: cutoff byte offset is past the source rollout
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli old/.codex new/.codex shop other
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 @openai/codex@0.171.0 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check ferry-cli==0.1.1
cat >run.py <<'EOF'
import glob, http.server, json, os, re, subprocess, threading

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        requests.append(body)
        number = len(requests)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in codex_events(number) if "input" in body else claude_events(body, number):
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


def codex_events(number: int) -> list[dict]:
    item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed"}
    item["content"] = [{"type": "output_text", "text": f"Answer {number}.", "annotations": []}]
    usage = {"input_tokens": 100, "output_tokens": 5, "total_tokens": 105}
    usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    response = {"id": f"resp_{number}"}
    return [
        {"type": "response.created", "response": response},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {**response, "output": [item], "usage": usage}},
    ]


def claude_events(body: dict, number: int) -> list[dict]:
    block, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": f"Answer {number}."}
    if number == 1:
        arguments = {"description": "Count", "prompt": "Count the pears.", "subagent_type": "general-purpose"}
        arguments["run_in_background"] = False
        block = {"type": "tool_use", "id": "toolu_1", "name": "Agent", "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(arguments)}
    message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
    message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
    ended = {"stop_reason": "tool_use" if number == 1 else "end_turn"}
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ended, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{model.server_address[1]}"
for home in ("old", "new"):
    with open(f"{home}/.codex/config.toml", "w") as file:
        file.write(f"""model = "gpt-5.5"
model_provider = "local"
[model_providers.local]
name = "local"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "LOCAL_KEY"
""")


def run(home: str, folder: str, *command: str) -> subprocess.CompletedProcess:
    environment = {"PATH": os.environ["PATH"], "HOME": f"{work}/{home}", "NO_COLOR": "1", "LOCAL_KEY": "dummy"}
    environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": url, "DISABLE_AUTOUPDATER": "1", "IS_SANDBOX": "1"}
    environment |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    command = ["timeout", "60", f"{work}/{command[0]}", *command[1:]]
    common = {"env": environment, "cwd": f"{work}/{folder}", "stdin": subprocess.DEVNULL}
    return subprocess.run(command, capture_output=True, text=True, **common)


def claude(home: str, folder: str, prompt: str) -> None:
    done = run(home, folder, "cli/node_modules/.bin/claude", "--dangerously-skip-permissions", "-p", prompt)
    assert done.returncode == 0, done.stderr


def codex(home: str, folder: str, *arguments: str) -> str:
    """Run one turn, and give which prompts the model was sent."""
    done = run(home, folder, "cli/node_modules/.bin/codex", *arguments)
    assert done.returncode == 0, done.stderr
    items = [item for item in requests[-1].get("input", []) if item.get("role") == "user"]
    texts = [part.get("text") for item in items for part in item["content"]]
    return " ".join(prompt for prompt in ("first", "second", "third", "figs") if prompt in texts)


def rollouts(home: str) -> set[str]:
    return set(glob.glob(f"{work}/{home}/.codex/sessions/*/*/*/*.jsonl"))


def carried(tool: str) -> str:
    """Back up the old home into the new one, and give what the export reported."""
    said = run("old", ".", "py/bin/ferry", "export", "--tool", tool, "--output", f"{work}/bundle-{tool}").stdout
    restored = run("new", ".", "py/bin/ferry", "import", "--bundle", f"{work}/bundle-{tool}", "--tool", tool)
    assert restored.returncode == 0, restored.stdout
    assert "Warnings" not in said, said
    return re.search(r"\d of \d \w+ exported", said).group()


claude("old", "shop", "Ask an agent.")
[subagent] = glob.glob(f"{work}/old/.claude/projects/*/*/subagents/*.jsonl")
# A program that never ran is not found by ferry.
claude("new", "other", "Hello.")
report = carried("claude-code")
bundled = [path for path in glob.glob(f"{work}/bundle-claude-code/**", recursive=True) if os.path.isfile(path)]
asked = sum("agent-" in path or '"isSidechain":true' in open(path, errors="replace").read() for path in bundled)
restored = glob.glob(f"{work}/new/.claude/projects/*/*/subagents/*.jsonl")
print(f"claude: {report}; files of subagents: 1, in the bundle: {asked}, restored: {len(restored)}")

start = ("exec", "--skip-git-repo-check")
codex("old", "shop", *start, "first")
[source] = rollouts("old")
codex("old", "shop", "exec", "resume", "--skip-git-repo-check", source[-42:-6], "second")
before = rollouts("old")
sent = codex("old", "shop", "exec", "fork", "--skip-git-repo-check", source[-42:-6], "figs")
[fork] = rollouts("old") - before
before = rollouts("old")
codex("old", "shop", *start, "third")
[archived] = rollouts("old") - before
codex("old", "shop", "archive", archived[-42:-6])
codex("new", "other", *start, "hello")
report = carried("codex")
bundled = " ".join(glob.glob(f"{work}/bundle-codex/**", recursive=True))
print(f"codex: {report}; the archived one is in the bundle: {archived[-42:-6] in bundled}")
print("codex: the fork sends, old machine:", sent)
for name, path in (("source", source), ("fork", fork)):
    done = run("new", "shop", "cli/node_modules/.bin/codex", "exec", "resume", "--skip-git-repo-check", path[-42:-6], "next")
    refused = re.search(r"Cannot change .* to `local`|cutoff byte offset is past the source rollout", done.stderr)
    print(f"codex: the {name}, on the new machine:", refused.group() if refused else done.returncode)
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
claude: 1 of 1 sessions exported; files of subagents: 1, in the bundle: 0, restored: 0
codex: 2 of 2 conversations exported; the archived one is in the bundle: False
codex: the fork sends, old machine: first second figs
codex: the source, on the new machine: Cannot change this thread's model provider from `openai` to `local`
codex: the fork, on the new machine: cutoff byte offset is past the source rollout
EOF
cmp report expected
