#!/usr/bin/env bash
# PyPI agent-session-bridge 0.5.0 (command session-bridge), reading a rollout of Codex (format of 0.171.0).
#
# Codex writes a call of a freeform tool, above all apply_patch, by which it edits files, as custom_tool_call with `input` and
# custom_tool_call_output, beside function_call. The reader knows function_call only:
# - `inspect` counts the shell calls and not one edit;
# - `convert` to another agent's format leaves out every patch and its result. The answers around them stay, so in the
#   converted session the agent claims edits that it never made. The list of conversion notes, which names what cannot be
#   carried over (reasoning, instructions, permissions), does not mention it;
# - developer messages (Codex's own instructions to the model) are converted to messages of the user.
#
# Why it matters: the edits are what a coding session is about. A session that is resumed in another agent, or archived in
# its form, has lost them without a warning. Compare the number of calls before and after a conversion.
#
# Seen:
#   calls in the rollout: exec_command apply_patch; inspect counts: 1
#   calls after convert to claude-code: exec_command
#   patch in the output: no, answer about it: yes, named in the notes: no
#   developer text became a message of: user
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check agent-session-bridge==0.5.0
cat >run.py <<'EOF'
import json, os, re, subprocess

identity = "01a220d4-3cb0-7130-803d-c10009ff2376"
name = f"rollout-2026-11-28T06-25-09-{identity}.jsonl"
meta = {"id": identity, "timestamp": "2026-11-28T06:25:09.000Z", "cwd": "/w", "originator": "codex_exec", "cli_version": "0.171.0", "source": "exec"}
patch = "*** Begin Patch\n*** Add File: shelf.md\n+oil 4\n*** End Patch\n"
text = lambda role, kind, words: {"type": "message", "role": role, "content": [{"type": kind, "text": words}]}
items = [
    text("developer", "input_text", "Rules of the program."),
    text("user", "input_text", "Count, and write it down."),
    {"type": "function_call", "name": "exec_command", "arguments": '{"cmd":"cat shelf"}', "call_id": "call_1"},
    {"type": "function_call_output", "call_id": "call_1", "output": "oil 4"},
    {"type": "custom_tool_call", "name": "apply_patch", "input": patch, "call_id": "call_2", "status": "completed"},
    {"type": "custom_tool_call_output", "call_id": "call_2", "output": "Success. Updated the following files:\nA shelf.md\n"},
    text("assistant", "output_text", "Written to shelf.md."),
]
with open(name, "w") as file:
    for number, (kind, payload) in enumerate([("session_meta", meta), *(("response_item", item) for item in items)]):
        line = {"timestamp": f"2026-11-28T06:25:{10 + number}.000Z", "type": kind, "payload": payload}
        file.write(json.dumps(line) + "\n")


def bridge(*arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": os.getcwd()}
    done = subprocess.run(["py/bin/session-bridge", *arguments], env=environment, check=True, capture_output=True, text=True)
    return done.stdout + done.stderr


counted = re.search(r"tool calls\s*: (\d+)", bridge("inspect", "--from", "codex", name)).group(1)
notes = bridge("convert", "--no-handshake", "--from", "codex", "--to", "claude-code", name, "-o", "out.jsonl")
rows = [json.loads(line) for line in open("out.jsonl")]
blocks = [block for row in rows for block in row["message"]["content"] if isinstance(row["message"]["content"], list)]
calls = " ".join(block["name"] for block in blocks if block["type"] == "tool_use")
output = json.dumps(rows)
yes = lambda found: "yes" if found else "no"
[role] = [row["message"]["role"] for row in rows if "Rules of the program." in json.dumps(row)]
print("calls in the rollout:", " ".join(item["name"] for item in items if "name" in item) + "; inspect counts:", counted)
print("calls after convert to claude-code:", calls)
told = yes(re.search("patch|custom|call", notes))
answered = yes("Written to shelf.md." in output)
print(f"patch in the output: {yes('Begin Patch' in output)}, answer about it: {answered}, named in the notes: {told}")
print("developer text became a message of:", role)
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
calls in the rollout: exec_command apply_patch; inspect counts: 1
calls after convert to claude-code: exec_command
patch in the output: no, answer about it: yes, named in the notes: no
developer text became a message of: user
EOF
cmp report expected
