#!/usr/bin/env bash
# npm @oh-my-pi/pi-coding-agent 18.2.3 (bun 1.4.5), importing sessions of @anthropic-ai/claude-code 2.1.332 and
# @openai/codex 0.171.0.
#
# `omp --from-claude` and `--from-codex` (also `/resume @claude`, `/resume @codex`) copy a session, and oh-my-pi goes on in the
# copy. It takes the chain of parents above the last line of a transcript of Claude Code, and one file of Codex:
# - where a reply of Claude Code makes several calls at once, each result is a child of its own call's line, and the
#   conversation goes on below one of them: the model gets one result. Each of the reply's lines repeats its tokens, and
#   becomes a reply of its own in the copy, so that they count once a line;
# - the prompt that a compaction kept (compactMetadata.preservedMessages of the compact_boundary) is left out: the answer to
#   it follows the summary;
# - Codex writes what follows a revert into a second rollout, which names the first one as its base. The copy begins with what
#   followed, and has none of the turns that were kept.
# Nothing is said of any of it.
#
# Why it matters: the next agent has not seen most of what was read, or the whole conversation, and answers as if it had.
# A reader has to gather a reply by its message.id and results by their tool_use_id, and to read the base of a rollout up to
# end_ordinal_exclusive in its history_base.
#
# The sessions are made by the programs themselves, against a model server on the loopback. The two options ask in a terminal
# for the session: their functions are called instead, for the only session. Then `omp --resume` continues the copy.
#
# Seen:
#   parallel calls: claude sends 3 results, omp sends 1
#   parallel calls: the reply took 10 tokens, 30 in the copy
#   compaction:     claude sends the kept prompt True, omp False, its answer True
#   revert:         codex sends tea cocoa, omp sends cocoa
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.codex home/.omp/agent shop
npm install --silent --no-audit --no-fund --prefix cli @oh-my-pi/pi-coding-agent@18.2.3 bun@1.4.5 \
  @anthropic-ai/claude-code@2.1.332 @openai/codex@0.171.0 >/dev/null
cat >cli/import.ts <<'EOF'
import { createForeignSessionStore, persistForeignSession } from "@oh-my-pi/pi-coding-agent/session/foreign-session-import";

const store = createForeignSessionStore(process.argv[2]);
const [session] = await store.list();
console.log((await persistForeignSession(store, session)).getSessionFile());
EOF
cat >run.py <<'EOF'
import glob, http.server, json, os, shutil, subprocess, sys, threading

work = os.path.realpath(os.getcwd())
bin = work + "/cli/node_modules/.bin/"
requests, upcoming = [], []
fruits = ("apples", "pears", "plums")


def chat(number: int, body: dict) -> list:
    """The answer to oh-my-pi."""
    deltas = (({"role": "assistant", "content": "Gone on."}, None), ({}, "stop"))
    chunk = {"id": f"chat_{number}", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
    return [chunk | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]} for delta, reason in deltas]


def responses(number: int, body: dict) -> list:
    """The answer to Codex."""
    item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed"}
    item["content"] = [{"type": "output_text", "text": f"Answer {number}.", "annotations": []}]
    usage = {"input_tokens": 100, "output_tokens": 5, "total_tokens": 105}
    usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    return [
        {"type": "response.created", "response": {"id": f"resp_{number}"}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"id": f"resp_{number}", "output": [item], "usage": usage}},
    ]


def messages(number: int, body: dict) -> list:
    """The answer to Claude Code: the first one of a session is what the session is for."""
    part = upcoming.pop() if upcoming else "answer"
    blocks = [({"type": "text", "text": ""}, {"type": "text_delta", "text": f"Answer {number}."})]
    if part == "calls":
        blocks = []
        for fruit in fruits:
            use = {"type": "tool_use", "id": f"toolu_{fruit}", "name": "Read", "input": {}}
            path = json.dumps({"file_path": f"{work}/shop/{fruit}.txt"})
            blocks.append((use, {"type": "input_json_delta", "partial_json": path}))
    # The prompt after an answer that fills the context is compacted first.
    usage = {"input_tokens": 990000 if part == "full" else 10, "output_tokens": 5}
    message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": []}
    events = [{"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None, "usage": usage}}]
    for index, (block, delta) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events.append({"type": "content_block_delta", "index": index, "delta": delta})
        events.append({"type": "content_block_stop", "index": index})
    end = {"stop_reason": "tool_use" if part == "calls" else "end_turn"}
    return [*events, {"type": "message_delta", "delta": end, "usage": {"output_tokens": 5}}, {"type": "message_stop"}]


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        requests.append(body)
        answer = chat if "/chat" in self.path else responses if "/responses" in self.path else messages
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("request-id", f"req_{len(requests)}")
        self.end_headers()
        for event in answer(len(requests), body):
            name = f"event: {event['type']}\n" if "type" in event else ""
            self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{model.server_address[1]}"
with open("home/.codex/config.toml", "w") as file:
    file.write('model = "gpt-5.5"\nmodel_provider = "local"\n[model_providers.local]\nname = "local"\n')
    file.write(f'base_url = "{url}/v1"\nwire_api = "responses"\nenv_key = "LOCAL_KEY"\n')
provider = {"baseUrl": url + "/v1", "api": "openai-completions", "apiKey": "dummy"}
provider["models"] = [{"id": "model", "name": "model", "contextWindow": 200000, "maxTokens": 8000}]
with open("home/.omp/agent/models.yml", "w") as file:
    json.dump({"providers": {"local": provider}}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "NO_COLOR": "1", "LOCAL_KEY": "dummy", "PI_OFFLINE": "1"}
environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": url, "DISABLE_AUTOUPDATER": "1"}
environment |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
common = {"env": environment, "cwd": work + "/shop", "stderr": subprocess.DEVNULL, "text": True}


def run(*command: str) -> str:
    ended = subprocess.run(["timeout", "100", *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True, **common)
    return ended.stdout.strip()


def claude(part: str, *prompts: str) -> list:
    """The messages that the last prompt of a new session sent, which is the only one in the home."""
    shutil.rmtree("home/.claude/projects", ignore_errors=True)
    upcoming.append(part)
    for number, prompt in enumerate(prompts):
        run(bin + "claude", "-p", prompt, "--allowedTools", "Read", *(["--continue"] if number else []))
    return requests[-1]["messages"]


def omp(agent: str) -> tuple[str, list]:
    """The file of the copy, and the messages that oh-my-pi sends when it continues it."""
    copy = run(bin + "bun", work + "/cli/import.ts", agent)
    cli = work + "/cli/node_modules/@oh-my-pi/pi-coding-agent/dist/cli.js"
    run(bin + "bun", cli, "-p", "--model", "local/model", "--resume", copy, "And then?")
    return copy, requests[-1]["messages"]


for fruit in fruits:
    with open(f"shop/{fruit}.txt", "w") as out:
        out.write(f"3 {fruit}\n")
sent = json.dumps(claude("calls", "Read all three lists.", "Go on."))
copy, taken = omp("claude")
results = [message for message in taken if message["role"] == "tool"]
print(f"parallel calls: claude sends {sent.count('tool_result')} results, omp sends {len(results)}")
with open(copy) as file:
    told = [line["message"] for line in map(json.loads, file) if "toolCall" in json.dumps(line) and "message" in line]
tokens = sum(message["usage"]["input"] for message in told if message["role"] == "assistant")
print(f"parallel calls: the reply took 10 tokens, {tokens} in the copy")

sent = claude("full", "Read the long list.", "What is last on it?", "And first?")
answer = [block["text"] for message in sent if message["role"] == "assistant" for block in message["content"]][-1]
_, taken = omp("claude")
kept = ["What is last on it?" in json.dumps(messages) for messages in (sent, taken)]
print(f"compaction:     claude sends the kept prompt {kept[0]}, omp {kept[1]}, its answer {answer in json.dumps(taken)}")


def words(text: str) -> str:
    return " ".join(word for word in ("tea", "coffee", "cocoa") if f'"{word}"' in text)


def revert(thread: str) -> None:
    """Take back the last turn."""
    server = subprocess.Popen([bin + "codex", "app-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **common)

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


codex = [bin + "codex", "exec"]
run(*codex, "--skip-git-repo-check", "tea")
[first] = glob.glob(work + "/home/.codex/sessions/*/*/*/*.jsonl")
thread = first[-42:-6]
run(*codex, "resume", "--skip-git-repo-check", thread, "coffee")
revert(thread)
run(*codex, "resume", "--skip-git-repo-check", thread, "cocoa")
sent = words(json.dumps(requests[-1]["input"]))
_, taken = omp("codex")
print(f"revert:         codex sends {sent}, omp sends {words(json.dumps(taken))}")
EOF
python3 run.py | tee report
cat >expected <<'EOF'
parallel calls: claude sends 3 results, omp sends 1
parallel calls: the reply took 10 tokens, 30 in the copy
compaction:     claude sends the kept prompt True, omp False, its answer True
revert:         codex sends tea cocoa, omp sends cocoa
EOF
cmp report expected
