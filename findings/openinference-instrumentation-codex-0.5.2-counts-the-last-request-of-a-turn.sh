#!/usr/bin/env bash
# PyPI openinference-instrumentation-codex 0.5.2, on sessions of npm @openai/codex 0.171.0.
#
# `codex-jsonl-forwarder` exports a trace for each turn of a rollout. Each turn has the attributes llm.token_count.*, with
# the tokens of its last request alone: a turn in which Codex called tools has one request more for each step, and none of
# them counts. To add up the spans below the turn is no way out. Each token_count event of the rollout is one, and Codex
# writes events again: before a compaction that of the turn before is repeated, so that its tokens count in two turns. Edits
# have no span: `apply_patch` is a custom_tool_call, of which the package exports nothing.
#
# Why it matters: such traces are kept to see what agents did, and what that cost. The longer an agent works on a prompt,
# the smaller the part that counts, and what it wrote into files is missing. In the rollout, each request has a line
# token_usage_record with the tokens of that request.
#
# All sessions are made by the program itself, against a model server on the loopback.
#
# Seen:
#   turn 1: the model read 1000 2000 3000; in the rollout 1000 2000 3000; turn 3000, spans below it 1000 2000 3000
#   turn 2: the model read 260000; in the rollout 260000; turn 260000, spans below it 260000
#   turn 3: the model read 400 500; in the rollout 400 500; turn 500, spans below it 260000 400 500
#   calls in the rollout: exec_command apply_patch; in spans: exec_command
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.codex shop
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check "openinference-instrumentation-codex[otlp]==0.5.2"
cat >run.py <<'EOF'
import glob, gzip, http.server, json, os, signal, subprocess, threading, time

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

work = os.path.realpath(os.getcwd())
spans = []
shell = {"type": "function_call", "call_id": "call_1", "name": "exec_command", "arguments": json.dumps({"cmd": "pwd"})}
patch = "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch"
edit = {"type": "custom_tool_call", "call_id": "call_2", "name": "apply_patch", "status": "completed", "input": patch}
# What the model says, and the tokens of each request. The third turn is compacted first.
script = [(1000, shell), (2000, edit), (3000, "Done."), (260_000, "Longer."), (400, "A summary."), (500, "Shorter.")]
numbers = iter(range(1, 1 + len(script)))


class Server(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        data = self.rfile.read(int(self.headers["content-length"]))
        if "traces" in self.path:
            data = gzip.decompress(data) if self.headers.get("content-encoding") == "gzip" else data
            request = ExportTraceServiceRequest.FromString(data)
            spans.extend(span for of in request.resource_spans for scope in of.scope_spans for span in scope.spans)
            self.send_response(200)
            self.end_headers()
            return
        number = next(numbers)
        tokens, said = script[number - 1]
        item = {**said, "id": f"call_item_{number}"} if isinstance(said, dict) else {"id": f"msg_{number}", "type": "message"}
        if isinstance(said, str):
            item |= {"role": "assistant", "status": "completed"}
            item["content"] = [{"type": "output_text", "text": said, "annotations": []}]
        usage = {"input_tokens": tokens, "output_tokens": 5, "total_tokens": tokens + 5}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        response = {"id": f"resp_{number}"}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in (
            {"type": "response.created", "response": response},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": {**response, "output": [item], "usage": usage}},
        ):
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_address[1]}"
with open("home/.codex/config.toml", "w") as file:
    file.write(f"""model = "gpt-5.5"
model_provider = "local"
approval_policy = "never"
sandbox_mode = "danger-full-access"
[model_providers.local]
name = "local"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "LOCAL_KEY"
""")
environment = {"PATH": os.environ["PATH"], "HOME": f"{work}/home", "LOCAL_KEY": "dummy", "OTEL_TRACES_EXPORTER": "otlp"}
environment |= {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{url}/v1/traces"}


def codex(*arguments: str) -> None:
    command = ["timeout", "60", f"{work}/cli/node_modules/.bin/codex", "exec", *arguments]
    common = {"env": environment, "cwd": f"{work}/shop", "stdin": subprocess.DEVNULL}
    done = subprocess.run(command, capture_output=True, text=True, **common)
    assert done.returncode == 0, done.stderr


codex("--skip-git-repo-check", "Write a file.")
[rollout] = glob.glob(f"{work}/home/.codex/sessions/*/*/*/*.jsonl")
for prompt in ("Go on.", "Go on again."):
    codex("resume", "--skip-git-repo-check", rollout[-42:-6], prompt)
with open(rollout) as file:
    lines = [json.loads(line) for line in file]
recorded: dict[str, list] = {}
for line in lines:
    if line["type"] == "token_usage_record":
        recorded.setdefault(line["payload"]["turn_id"], []).append(line["payload"]["usage"]["input_tokens"])
calls = [line["payload"]["name"] for line in lines if line["payload"].get("type") in ("function_call", "custom_tool_call")]

forwarder = [f"{work}/py/bin/codex-jsonl-forwarder", "--codex-home", f"{work}/home/.codex", "--state-path", f"{work}/state.json"]
process = subprocess.Popen(forwarder, env=environment, stderr=subprocess.DEVNULL)
waited = time.time()
while sum(span.name == "codex.turn" for span in spans) < 3 and time.time() < waited + 60:
    time.sleep(0.5)
process.send_signal(signal.SIGINT)
process.wait(60)


def tokens(span) -> str:
    """The tokens that were read, where the span has them."""
    found = [pair.value for pair in span.attributes if pair.key == "llm.token_count.prompt"]
    return str(found[0].int_value) if found else ""


turns = sorted((span for span in spans if span.name == "codex.turn"), key=lambda span: span.start_time_unix_nano)
reads = iter([[1000, 2000, 3000], [260_000], [400, 500]])
for number, (turn, of_turn) in enumerate(zip(turns, recorded.values()), 1):
    below = sorted((span for span in spans if span.parent_span_id == turn.span_id), key=lambda span: span.start_time_unix_nano)
    counts = " ".join(filter(None, map(tokens, below)))
    texts = [" ".join(map(str, numbers)) for numbers in (next(reads), of_turn)]
    print(f"turn {number}: the model read {texts[0]}; in the rollout {texts[1]}; turn {tokens(turn)}, spans below it {counts}")
shown = str(spans)
print(f"calls in the rollout: {' '.join(calls)}; in spans: {' '.join(name for name in calls if name in shown)}")
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
turn 1: the model read 1000 2000 3000; in the rollout 1000 2000 3000; turn 3000, spans below it 1000 2000 3000
turn 2: the model read 260000; in the rollout 260000; turn 260000, spans below it 260000
turn 3: the model read 400 500; in the rollout 400 500; turn 500, spans below it 260000 400 500
calls in the rollout: exec_command apply_patch; in spans: exec_command
EOF
cmp report expected
