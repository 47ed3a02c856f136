#!/usr/bin/env bash
# PyPI claude-repath 1.0.0, with npm @anthropic-ai/claude-code 2.1.332.
#
# `claude-repath rewire` and `move` give the transcripts of a project that was moved the new directory. They take a transcript
# apart with Python's splitlines and join the parts with line feeds. But splitlines also splits at U+2028, U+2029 and
# U+0085, which JSON leaves as they are within a string and which come with pasted texts: a line that has one of them is
# written back as two, and neither half is JSON. Claude Code leaves the halves out without a message: when the moved session
# is resumed, the model does not get what was said there. claude-repath ends with status 0 and counts the entries that it
# rewrote.
#
# Why it matters: a prompt or an answer is cut out of the conversation for good. The backup that the tool makes is the only
# whole copy, and nothing tells the person to look for it.
#
# Seen:
#   claude sent before: Pears cost 3. | Noted 1. | Plums cost 4. | Noted 2. | Figs?
#   claude-repath:      status 0; lines that are no JSON: 0 before, some after
#   claude sends after: Noted 1. | Plums cost 4. | Noted 2. | Figs?
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check claude-repath==1.0.0
cat >run.py <<'EOF'
import glob, http.server, json, os, re, shutil, subprocess, threading

work = os.path.realpath(os.getcwd())
requests, answers = [], []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        requests.append(body)
        message = {"id": f"msg_{len(requests)}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        events = [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": answers[-1]}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
environment = {"PATH": os.environ["PATH"], "HOME": f"{work}/home", "NO_COLOR": "1"}
environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
environment |= {"DISABLE_AUTOUPDATER": "1", "IS_SANDBOX": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}


def claude(folder: str, prompt: str, answer: str, *options: str) -> tuple[str, str]:
    """Run one turn, and give the session's id and what the model was sent of the conversation."""
    answers.append(answer)
    command = ["timeout", "60", f"{work}/cli/node_modules/.bin/claude", *options, "--output-format", "json", "-p", prompt]
    common = {"cwd": folder, "env": environment, "stdin": subprocess.DEVNULL}
    done = subprocess.run(command, capture_output=True, check=True, text=True, **common)
    contents = [message["content"] for message in requests[-1]["messages"]]
    texts = [[content] if isinstance(content, str) else [block["text"] for block in content] for content in contents]
    told = [re.match(r"(Pears|Plums) cost \d\.|Noted \d\.|Figs\?", text) for each in texts for text in each]
    return json.loads(done.stdout)["session_id"], " | ".join(match[0] for match in told if match)


def broken() -> int:
    """How many lines of the transcript are no JSON."""
    count = 0
    with open(transcript(), newline="\n", encoding="utf-8") as file:
        for line in file:
            try:
                json.loads(line)
            except ValueError:
                count += 1
    return count


def transcript() -> str:
    [path] = glob.glob(f"{work}/home/.claude/projects/*/{session}.jsonl")
    return path


session, _ = claude("shop", "Pears cost 3.\u2028Write it down.", "Noted 1.")
claude("shop", "Plums cost 4.", "Noted 2.", "--resume", session)
shutil.copy(transcript(), "kept")
print("claude sent before:", claude("shop", "Figs?", "Noted 3.", "--resume", session)[1])
shutil.copy("kept", transcript())
before = broken()
os.rename("shop", "store")
command = ["timeout", "60", "py/bin/claude-repath", "rewire", f"{work}/shop", f"{work}/store", "--yes"]
done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
after = "some" if broken() else "none"
print(f"claude-repath:      status {done.returncode}; lines that are no JSON: {before} before, {after} after")
print("claude sends after:", claude("store", "Figs?", "Noted 3.", "--resume", session)[1])
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
claude sent before: Pears cost 3. | Noted 1. | Plums cost 4. | Noted 2. | Figs?
claude-repath:      status 0; lines that are no JSON: 0 before, some after
claude sends after: Noted 1. | Plums cost 4. | Noted 2. | Figs?
EOF
cmp report expected
