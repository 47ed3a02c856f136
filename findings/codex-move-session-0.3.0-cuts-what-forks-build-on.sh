#!/usr/bin/env bash
# PyPI codex-move-session 0.3.0 and agent-yadogae 0.1.1, after a project of npm @openai/codex 0.171.0 was moved.
#
# Both tools write another directory into all rollouts of a project, so that Codex lists and resumes its sessions in the new
# place. A fork of Codex (and what follows a revert) is a rollout of its own turns whose session_meta has a history_base: another
# rollout, an ordinal, and the byte at which that one ends. The tools leave this byte as it was, while the other rollout gets
# shorter or longer with each path:
# - where the new path is shorter, Codex refuses to resume the fork, until the other session has grown;
# - where it is longer, Codex takes the bytes up to there for the whole: the last answer before the fork is not sent to the
#   model, and nobody is told.
# codex-move-session says "Migration applied and verified", agent-yadogae "moved".
#
# Why it matters: the move is what these tools are for, and forks are lost or changed by it without a word. A tool that writes
# rollouts again has to count the bytes of history_base again; the ordinals stay right.
#
# The sessions are made by Codex itself, against a model server on the loopback. Each row is another home.
#
# Seen (the forks were made after 3, 3 and 30 answers, and got one of their own):
#   codex-move-session, shorter path: refused, cutoff byte offset is past the source rollout
#   agent-yadogae, shorter path:      refused, cutoff byte offset is past the source rollout
#   codex-move-session, longer path:  the fork has 31 answers, and sends all but number 30
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check codex-move-session==0.3.0 agent-yadogae==0.1.1
cat >run.py <<'EOF'
import glob, http.server, json, os, subprocess, threading

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        number = len(requests)
        item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed"}
        item["content"] = [{"type": "output_text", "text": f"Answer {number}", "annotations": []}]
        usage = {"input_tokens": 100, "output_tokens": 5, "total_tokens": 105}
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
config = f"""model = "gpt-5.5"
model_provider = "local"
[model_providers.local]
name = "local"
base_url = "http://127.0.0.1:{model.server_address[1]}/v1"
wire_api = "responses"
env_key = "LOCAL_KEY"
"""


def run(home: str, folder: str, *command: str) -> subprocess.CompletedProcess:
    environment = {"PATH": os.environ["PATH"], "HOME": f"{work}/{home}", "LOCAL_KEY": "dummy", "NO_COLOR": "1"}
    command = ["timeout", "60", f"{work}/{command[0]}", *command[1:]]
    return subprocess.run(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def codex(home: str, folder: str, *arguments: str) -> str:
    """Run one turn, and give the numbers of the answers that the model was sent, or why Codex refused."""
    done = run(home, folder, "cli/node_modules/.bin/codex", "exec", *arguments)
    if done.returncode:
        reason = "cutoff byte offset is past the source rollout"
        return f"refused, {reason}" if reason in done.stderr else done.stderr
    items = [item for item in requests[-1]["input"] if item.get("role") == "assistant"]
    return " ".join(part["text"].removeprefix("Answer ") for item in items for part in item["content"])


def rollouts(home: str) -> set[str]:
    return set(glob.glob(f"{work}/{home}/.codex/sessions/*/*/*/*.jsonl"))


def resumed_after_move(home: str, turns: int, old: str, new: str) -> tuple[str, str]:
    """Move a project with a session and its fork; the answers in the fork, and what it sends when it is resumed."""
    requests.clear()
    os.makedirs(f"{work}/{home}/.codex")
    os.makedirs(old)
    os.makedirs(os.path.dirname(new), exist_ok=True)
    with open(f"{home}/.codex/config.toml", "w") as file:
        file.write(config)
    codex(home, old, "--skip-git-repo-check", "first")
    [source] = rollouts(home)
    for _ in range(turns - 1):
        codex(home, old, "resume", "--skip-git-repo-check", source[-42:-6], "next")
    before = rollouts(home)
    answers = codex(home, old, "fork", "--skip-git-repo-check", source[-42:-6], "in the fork") + f" {turns + 1}"
    [fork] = rollouts(home) - before
    if home == "yadogae":
        done = run(home, work, "py/bin/agent-yadogae", old, new, "--yes")
        assert "moved:" in done.stdout, done.stdout + done.stderr
    else:
        os.rename(old, new)
        done = run(home, new, "py/bin/codex-move-session", "--old", old, "--new", new, "--apply")
        assert "Migration applied and verified." in done.stdout, done.stdout + done.stderr
    return answers, codex(home, new, "resume", "--skip-git-repo-check", fork[-42:-6], "last")


places = work + "/projects"
long = "customers/family-of-the-shop/workspaces/shop-with-a-longer-name"
_, sent = resumed_after_move("move", 3, f"{places}/1/{long}", f"{places}/1/shop")
print("codex-move-session, shorter path:", sent)
_, sent = resumed_after_move("yadogae", 3, f"{places}/2/{long}", f"{places}/2/shop")
print("agent-yadogae, shorter path:     ", sent)
answers, sent = resumed_after_move("longer", 30, f"{places}/3/shop", f"{places}/3/{long}")
missing = " ".join(number for number in answers.split() if number not in sent.split())
print(f"codex-move-session, longer path:  the fork has {len(answers.split())} answers, and sends all but number {missing}")
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
codex-move-session, shorter path: refused, cutoff byte offset is past the source rollout
agent-yadogae, shorter path:      refused, cutoff byte offset is past the source rollout
codex-move-session, longer path:  the fork has 31 answers, and sends all but number 30
EOF
cmp report expected
