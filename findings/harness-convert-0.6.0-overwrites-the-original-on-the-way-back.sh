#!/usr/bin/env bash
# PyPI harness-convert 0.6.0 (command hc), moving a session of npm @anthropic-ai/claude-code 2.1.332 to Codex and back.
#
# `hc --from claude --to codex -y` writes the copy under the id of the original. `hc --from codex --to claude -y`, once Claude
# Code may be used again, therefore names the transcript of the original as its destination, and writes it anew without
# asking, without a copy, and without looking whether it is there: with the default directory, Claude Code's own file is gone.
# What the copy does not carry is lost with it: pictures, thoughts, the tokens and costs of each reply, the lines about hooks
# and about files to restore. All replies then name a model that did not write them. The preview shows the path and the number
# of records, as for a new file.
# `hc truncate` refuses to write onto its source, with the remark that this would destroy the original; a conversion does not.
#
# Why it matters: the way back is what the tool is for ("the escape hatch"), and the file is the only copy that Claude Code
# keeps. Copy ~/.claude/projects before, or give `--dest-cwd`.
#
# The session is made by Claude Code itself, against a model server on the loopback.
#
# Seen:
#   destination of the way back is the original: True
#   lines of the transcript: fewer than a third
#   pictures:     before 1, after 0
#   thoughts:     before 1, after 0
#   usage counts: before 3, after 0
#   model:        before claude-opus-5-5, after claude-opus-5
#   files below the home with the thought: 0
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check harness-convert==0.6.0
cat >run.py <<'EOF'
import base64, glob, http.server, json, os, struct, subprocess, threading, zlib

work = os.path.realpath(os.getcwd())
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        requests.append(body)
        number = len(requests)
        blocks = [({"type": "text", "text": ""}, {"type": "text_delta", "text": f"Answer {number}."})]
        if number == 1:
            thinking = {"type": "thinking", "thinking": "", "signature": ""}
            use = {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {}}
            arguments = json.dumps({"file_path": work + "/shop/label.png"})
            blocks = [
                (thinking, {"type": "thinking_delta", "thinking": "The label tells."}),
                (use, {"type": "input_json_delta", "partial_json": arguments}),
            ]
        message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        events = [{"type": "message_start", "message": message}]
        for index, (block, delta) in enumerate(blocks):
            events.append({"type": "content_block_start", "index": index, "content_block": block})
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
            events.append({"type": "content_block_stop", "index": index})
        reason = "tool_use" if number == 1 else "end_turn"
        events.append({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 5}})
        events.append({"type": "message_stop"})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("request-id", f"req_{number}")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


with open("shop/label.png", "wb") as file:
    rows = b"".join(b"\0" + b"\xff\0\0" * 8 for _ in range(8))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    file.write(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "ANTHROPIC_API_KEY": "dummy", "NO_COLOR": "1"}
environment |= {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}", "DISABLE_AUTOUPDATER": "1"}
environment |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}


def run(*command: str) -> str:
    common = {"env": environment, "cwd": work + "/shop", "stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **common).stdout


def counted(file: str) -> tuple[int, int, int, int, str]:
    """The lines, and the pictures, thoughts and counts of tokens of different replies, and their model."""
    lines = [json.loads(line) for line in open(file)]
    messages = [line["message"] for line in lines if line["type"] in ("user", "assistant")]
    blocks = [block for message in messages if isinstance(message["content"], list) for block in message["content"]]
    pictures = sum('"type": "image"' in json.dumps(block) for block in blocks)
    thoughts = sum(block["type"] == "thinking" for block in blocks)
    [model] = {message["model"] for message in messages if message["role"] == "assistant"}
    return len(lines), pictures, thoughts, len({message["id"] for message in messages if "usage" in message}), model


claude = ["timeout", "60", work + "/cli/node_modules/.bin/claude", "--model", "claude-opus-5-5", "-p"]
run(*claude, "What is on the label?", "--allowedTools", "Read")
[original] = glob.glob(work + "/home/.claude/projects/*/*.jsonl")
session = os.path.basename(original).removesuffix(".jsonl")
run(*claude, "And on the back?", "--resume", session)
before = counted(original)

hc = [work + "/py/bin/hc"]
run(*hc, "--from", "claude", "--to", "codex", session, "-y")
# Codex continues here. What it adds changes nothing of the following.
preview = run(*hc, "--from", "codex", "--to", "claude", session)
print("destination of the way back is the original:", original in preview)
run(*hc, "--from", "codex", "--to", "claude", session, "-y")
after = counted(original)
print("lines of the transcript:", "fewer than a third" if after[0] * 3 < before[0] else f"{before[0]}, {after[0]}")
for name, first, second in zip(("pictures:", "thoughts:", "usage counts:", "model:"), before[1:], after[1:]):
    print(f"{name:<13} before {first}, after {second}")
files = [path for path in glob.glob(work + "/home/**/*", recursive=True, include_hidden=True) if os.path.isfile(path)]
print("files below the home with the thought:", sum(b"The label tells." in open(path, "rb").read() for path in files))
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
destination of the way back is the original: True
lines of the transcript: fewer than a third
pictures:     before 1, after 0
thoughts:     before 1, after 0
usage counts: before 3, after 0
model:        before claude-opus-5-5, after claude-opus-5
files below the home with the thought: 0
EOF
cmp report expected
