#!/usr/bin/env bash
# PyPI claude-session-teleporter 1.3.0, moving sessions of npm @openai/codex 0.171.0 to @anthropic-ai/claude-code 2.1.332.
#
# Codex writes what follows a revert into a second rollout, which names the first one as its base: the session is in both, and
# both have its id. `claude-sessions teleport --to claude` takes one file. The id of the copy is made of the session's id:
# - the first file gives a session that ends with the turn that was taken back, as if it was valid;
# - the second file, the one that Codex goes on in, is answered with "Destination already exists; left untouched" and exit
#   status 0. No copy of what was said after the revert can be made any more;
# - taken first, the second file gives a session that begins in the middle, and then the first one is left untouched.
#
# Why it matters: Claude Code goes on from what the person undid in Codex, and the turns that were kept are nowhere in it.
# The whole conversation is: the lines of the base with an ordinal below end_ordinal_exclusive in history_base, then those
# of the second file.
#
# Seen:
#   codex sends:                            tea cocoa
#   teleport of the first file:             status 0, created
#   teleport of the second file:            status 0, left untouched
#   claude --resume sends:                  tea coffee
#   the second file first, claude sends:    cocoa
#   then the first file:                    status 0, left untouched
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.codex shop
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 @anthropic-ai/claude-code@2.1.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check claude-session-teleporter==1.3.0
cat >run.py <<'EOF'
import glob, http.server, json, os, subprocess, sys, threading

work = os.getcwd()
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
        if "messages" in body:
            # Of Claude Code only the request is looked at.
            self.send_error(400)
            return
        item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed"}
        item["content"] = [{"type": "output_text", "text": f"Answer {number}.", "annotations": []}]
        usage = {"input_tokens": 100 + 10 * number, "output_tokens": 5, "total_tokens": 105 + 10 * number}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        events = [
            {"type": "response.created", "response": {"id": f"resp_{number}"}},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": {"id": f"resp_{number}", "output": [item], "usage": usage}},
        ]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
with open("home/.codex/config.toml", "w") as file:
    file.write(f"""model = "gpt-5.5"
model_provider = "local"
[model_providers.local]
name = "local"
base_url = "http://127.0.0.1:{model.server_address[1]}/v1"
wire_api = "responses"
env_key = "LOCAL_KEY"
""")
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "LOCAL_KEY": "dummy"}
codex = ["timeout", "60", work + "/cli/node_modules/.bin/codex"]
common = {"env": environment, "cwd": work + "/shop", "stderr": subprocess.DEVNULL, "text": True}
prompts = ("tea", "coffee", "cocoa")


def words(texts: list) -> str:
    return " ".join(prompt for prompt in prompts if prompt in texts)


def run(*arguments: str) -> str:
    """Run one turn, and give which prompts the model was sent."""
    subprocess.run([*codex, "exec", *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **common)
    items = [item for item in requests[-1]["input"] if item.get("role") == "user"]
    return words([part.get("text") for item in items for part in item["content"]])


def files() -> set:
    return set(glob.glob(work + "/home/.codex/sessions/*/*/*/*.jsonl"))


def revert(thread: str) -> None:
    server = subprocess.Popen([*codex, "app-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **common)

    def call(number: int, method: str, params: dict) -> dict:
        server.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
        server.stdin.flush()
        for line in server.stdout:
            if (message := json.loads(line)).get("id") == number and "method" not in message:
                return message.get("result") or sys.exit(str(message))
        sys.exit("the server ended")

    call(1, "initialize", {"clientInfo": {"name": "find", "version": "1"}, "capabilities": {"experimentalApi": True}})
    call(2, "thread/resume", {"threadId": thread})
    turns = call(3, "thread/turns/list", {"threadId": thread})["data"]
    call(4, "thread/revert", {"threadId": thread, "beforeTurnId": max(turn["id"] for turn in turns)})
    server.terminate()
    server.wait()


run("--skip-git-repo-check", "tea")
[first] = files()
thread = first[-42:-6]
run("resume", "--skip-git-repo-check", thread, "coffee")
revert(thread)
print("codex sends:                           ", run("resume", "--skip-git-repo-check", thread, "cocoa"))
[second] = files() - {first}
anthropic = {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
anthropic |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}


def teleport(rollout: str, home: str) -> str:
    command = [work + "/py/bin/claude-sessions", "teleport", "--to", "claude", "--target-home", home, "--apply", rollout]
    ended = subprocess.run(command, cwd=work + "/shop", env=environment, text=True, capture_output=True)
    said = "left untouched" if "left untouched" in ended.stdout else "created" if "Created" in ended.stdout else ended.stderr
    return f"status {ended.returncode}, {said}"


def sent(home: str) -> str:
    """The prompts that Claude Code sends when it resumes the only session of a home."""
    [copy] = glob.glob(home + "/projects/*/*.jsonl")
    claude = ["timeout", "60", work + "/cli/node_modules/.bin/claude", "--print", "--model", "sonnet"]
    del requests[:]
    both = {**environment, **anthropic, "CLAUDE_CONFIG_DIR": home}
    command = [*claude, "--resume", os.path.basename(copy)[:-6], "Go on."]
    subprocess.run(command, cwd=work + "/shop", env=both, stdin=subprocess.DEVNULL, capture_output=True)
    told = json.dumps([request["messages"] for request in requests if request.get("tools")][0])
    return " ".join(prompt for prompt in prompts if json.dumps(prompt) in told)


one, other = work + "/home/.claude", work + "/home/other"
print("teleport of the first file:            ", teleport(first, one))
print("teleport of the second file:           ", teleport(second, one))
print("claude --resume sends:                 ", sent(one))
teleport(second, other)
print("the second file first, claude sends:   ", sent(other))
print("then the first file:                   ", teleport(first, other))
EOF
python3 run.py | tee report
cat >expected <<'EOF'
codex sends:                            tea cocoa
teleport of the first file:             status 0, created
teleport of the second file:            status 0, left untouched
claude --resume sends:                  tea coffee
the second file first, claude sends:    cocoa
then the first file:                    status 0, left untouched
EOF
cmp report expected
