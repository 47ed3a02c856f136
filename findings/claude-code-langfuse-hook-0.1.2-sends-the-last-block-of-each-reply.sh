#!/usr/bin/env bash
# PyPI claude-code-langfuse-hook 0.1.2 (with langfuse 3.15.0), as a Stop hook of npm @anthropic-ai/claude-code 2.1.332.
#
# The hook sends what is in the transcript to Langfuse, one trace for each turn. Claude Code writes a reply as one line for
# each block, all with the id of the reply. The hook takes the lines with one id for versions of one message and keeps the
# last: texts, thoughts and calls before the last block of a reply are sent nowhere. (Langfuse's own plugin for Claude Code
# did the same and was mended by its pull request 8.) A turn begins with each line of the user's role that is no result:
# after a compaction, a reminder that the program put in is sent as what the person asked. The prompt is nowhere. A session
# that was forked begins with copies of the lines of its source, which are sent again, as new turns with their tokens.
#
# Why it matters: such traces are kept to see what agents did, and what that cost. Of commands that ran at once, all but one
# are missing. The hook's log counts the calls that it sent as all that there were.
#
# All sessions are made by the program itself, against a model server on the loopback.
#
# Seen:
#   the reply has:     thinking text Bash:one Bash:two Bash:three
#   the trace has:     Bash:three
#   after a fork:      the model was sent 1 request more, Langfuse 2 turns more; input tokens 400, in Langfuse 700
#   compaction:        asked "And then?", the turn in Langfuse was asked "<system-reminder>"
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check claude-code-langfuse-hook==0.1.2 langfuse==3.15.0
cat >run.py <<'EOF'
import glob, gzip, http.server, json, os, subprocess, threading

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

work = os.path.realpath(os.getcwd())
replies, read, spans = [], [], []
WORDS = ("one", "two", "three")


class Server(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        data = self.rfile.read(int(self.headers["content-length"]))
        if "otel" in self.path:
            data = gzip.decompress(data) if self.headers.get("content-encoding") == "gzip" else data
            request = ExportTraceServiceRequest.FromString(data)
            spans.extend(span for of in request.resource_spans for scope in of.scope_spans for span in scope.spans)
            self.send_response(200)
            self.end_headers()
            return
        tokens, blocks = replies.pop(0)
        read.append(tokens)
        message = {"id": f"msg_{len(read)}", "type": "message", "role": "assistant", "model": json.loads(data)["model"]}
        message |= {"content": [], "stop_reason": None, "stop_sequence": None}
        events = [{"type": "message_start", "message": {**message, "usage": {"input_tokens": tokens, "output_tokens": 5}}}]
        for index, (block, delta) in enumerate(blocks):
            events.append({"type": "content_block_start", "index": index, "content_block": block})
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
            events.append({"type": "content_block_stop", "index": index})
        reason = "tool_use" if any(block["type"] == "tool_use" for block, _ in blocks) else "end_turn"
        events.append({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 5}})
        events.append({"type": "message_stop"})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


def text(words: str) -> tuple[dict, dict]:
    return {"type": "text", "text": ""}, {"type": "text_delta", "text": words}


def command(word: str) -> tuple[dict, dict]:
    arguments = json.dumps({"command": f"echo {word}", "description": "Say it"})
    use = {"type": "tool_use", "id": f"toolu_{word}", "name": "Bash", "input": {}}
    return use, {"type": "input_json_delta", "partial_json": arguments}


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_address[1]}"
environment = {"PATH": f"{work}/py/bin:{os.environ['PATH']}", "HOME": f"{work}/home", "USER": "user", "NO_COLOR": "1"}
environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": url, "DISABLE_AUTOUPDATER": "1", "IS_SANDBOX": "1"}
environment |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "CC_TRACE_TO_LANGFUSE": "true", "CC_PROJECT_NAME": "shop"}
environment |= {"CC_LANGFUSE_BASE_URL": url, "CC_LANGFUSE_PUBLIC_KEY": "dummy", "CC_LANGFUSE_SECRET_KEY": "dummy"}


def run(*command: str) -> str:
    common = {"env": environment, "cwd": f"{work}/shop", "stdin": subprocess.DEVNULL}
    done = subprocess.run(["timeout", "60", *command], capture_output=True, text=True, **common)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def claude(prompt: str, *answers: tuple, options: tuple = ()) -> str:
    """Run one turn with these replies of the model, and give the session's id."""
    replies[:] = answers
    program = f"{work}/cli/node_modules/.bin/claude"
    said = run(program, "--dangerously-skip-permissions", *options, "--output-format", "json", "-p", prompt)
    return json.loads(said)["session_id"]


def attributes(span) -> dict:
    return {pair.key: pair.value.string_value for pair in span.attributes}


def turns() -> list[dict]:
    """The generations that were sent, one for each turn."""
    return [attributes(span) for span in spans if span.name == "Claude Response"]


def tokens() -> int:
    return sum(json.loads(turn["langfuse.observation.usage_details"])["input_tokens"] for turn in turns())


run("claude-langfuse", "install")
thought = {"type": "thinking", "thinking": "", "signature": "c2ln"}, {"type": "thinking_delta", "thinking": "Easy."}
calls = (100, [thought, text("I say them."), *map(command, WORDS)])
session = claude("Say three words.", calls, (200, [text("Said.")]))
[transcript] = glob.glob("home/.claude/projects/*/*.jsonl")
with open(transcript) as file:
    lines = [json.loads(line) for line in file]
blocks = [block for line in lines if line.get("message", {}).get("id") == "msg_1" for block in line["message"]["content"]]
names = [f"Bash:{block['input']['command'][5:]}" if block["type"] == "tool_use" else block["type"] for block in blocks]
sent = str([attributes(span) for span in spans])
parts = {"thinking": "Easy.", "text": "I say them.", **{f"Bash:{word}": f"echo {word}" for word in WORDS}}
found = [name for name, words in parts.items() if words in sent]
print("the reply has:    ", *names)
print("the trace has:    ", *found)
requests, before = len(read), len(turns())
claude("Once more.", (100, [text("Well.")]), options=("--resume", session, "--fork-session"))
more = f"the model was sent {len(read) - requests} request more, Langfuse {len(turns()) - before} turns more"
print(f"after a fork:      {more}; input tokens {sum(read)}, in Langfuse {tokens()}")
session = claude("Tell a story.", (990_000, [text("Once upon a time.")]))
count = len(turns())
claude("And then?", (100, [text("<summary>A story.</summary>")]), (100, [text("They lived.")]), options=("--resume", session))
asked = [json.loads(turn["langfuse.observation.input"])["content"].split()[0] for turn in turns()[count:]]
print('compaction:        asked "And then?", the turn in Langfuse was asked', *(f'"{words}"' for words in asked))
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
the reply has:     thinking text Bash:one Bash:two Bash:three
the trace has:     Bash:three
after a fork:      the model was sent 1 request more, Langfuse 2 turns more; input tokens 400, in Langfuse 700
compaction:        asked "And then?", the turn in Langfuse was asked "<system-reminder>"
EOF
cmp report expected
