#!/usr/bin/env bash
# PyPI ai-sessions 3.7.4 (command sessions), handing a session of Claude Code (format of 2.1.332) over to Codex.
#
# `sessions --resume ID --launch-tool codex --dry-run`, described as "print the resume command instead of running it":
# - writes the copy: a new rollout and a line of session_index.jsonl below CODEX_HOME, and its own state;
# - in the copy every message has the time of the run, one second apart, in place of the time at which it was said. Codex
#   then lists the conversation as one of this minute;
# - a prompt that was taken back in Claude Code (its line and its answer are a left branch) is copied as said, between the
#   prompts that stand.
#
# Why it matters: a dry run is what one does to learn whether a tool would write. A keeper of sessions that watches
# ~/.codex takes the copy in as a new conversation of today, undone words included.
#
# Seen:
#   rollouts before and after the dry run: 0 1
#   lines of session_index.jsonl: 1
#   message times of 2026-01: 0 of 6
#   prompts in the copy: Name the teas. | Name them in French. | What does mint cost?
#   prompts that stand: Name the teas. | What does mint cost?
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check ai-sessions==3.7.4
cat >run.py <<'EOF'
import glob, json, os, subprocess

identity = "5e551000-0000-4000-8000-00000000000d"
base = {"sessionId": identity, "cwd": os.getcwd(), "version": "2.1.332", "isSidechain": False, "userType": "external"}
rows = [
    ("u1", None, "user", "Name the teas."),
    ("a1", "u1", "assistant", "Mint."),
    ("u2", "a1", "user", "Name them in French."),
    ("a2", "u2", "assistant", "Menthe."),
    # The person went back to the first answer.
    ("u3", "a1", "user", "What does mint cost?"),
    ("a3", "u3", "assistant", "Two."),
]
os.makedirs("home/.claude/projects/-shop")
with open(f"home/.claude/projects/-shop/{identity}.jsonl", "w") as file:
    for number, (uuid, parent, role, words) in enumerate(rows):
        message = {"role": role, "content": words}
        if role == "assistant":
            usage = {"input_tokens": 1, "output_tokens": 1}
            content = [{"type": "text", "text": words}]
            message |= {"id": f"msg_{uuid}", "type": "message", "model": "m", "content": content, "usage": usage}
        line = {"type": role, "uuid": uuid, "parentUuid": parent, "timestamp": f"2026-01-05T10:00:0{number}.000Z"}
        file.write(json.dumps({**base, **line, "message": message}) + "\n")

rollouts = lambda: glob.glob("home/.codex/sessions/*/*/*/rollout-*.jsonl")
before = len(rollouts())
environment = {"PATH": os.environ["PATH"], "HOME": os.path.abspath("home"), "LANG": "C.UTF-8"}
command = ["py/bin/sessions", "--resume", identity, "--launch-tool", "codex", "--dry-run"]
subprocess.run(command, env=environment, check=True, capture_output=True)
print("rollouts before and after the dry run:", before, len(rollouts()))
print("lines of session_index.jsonl:", len(open("home/.codex/session_index.jsonl").readlines()))
lines = [json.loads(line) for line in open(rollouts()[0])]
said = [line for line in lines if line["payload"].get("type") == "message"]
kept = sum(line["timestamp"].startswith("2026-01") for line in said)
print(f"message times of 2026-01: {kept} of {len(said)}")
texts = [line["payload"]["content"][0]["text"] for line in said if line["payload"]["role"] == "user"]
# The first one begins with a note on where the conversation comes from.
texts[0] = texts[0].strip().splitlines()[-1]
print("prompts in the copy:", " | ".join(texts))
print("prompts that stand:", " | ".join(words for uuid, _, role, words in rows if role == "user" and uuid != "u2"))
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
rollouts before and after the dry run: 0 1
lines of session_index.jsonl: 1
message times of 2026-01: 0 of 6
prompts in the copy: Name the teas. | Name them in French. | What does mint cost?
prompts that stand: Name the teas. | What does mint cost?
EOF
cmp report expected
