#!/usr/bin/env bash
# npm llm-usage-metrics 0.8.0, reading sessions of npm @mariozechner/pi-coding-agent 0.73.1 and @qwen-code/qwen-code 0.24.4.
#
# - Forks of pi and of Qwen Code are files that begin with copies of the replies, under the ids that these had (Qwen Code also
#   marks each line with forkedFrom). llm-usage counts all files: what was paid once counts again in every fork.
# - The input that Qwen Code records has the cached tokens in it, as Gemini's API defines promptTokenCount. llm-usage takes
#   them for a class beside the input, and counts them twice: with a well-filled cache the total nearly doubles, and the cost
#   is that of a prompt without a cache, and of the cache on top.
#
# Why it matters: these totals are compared with invoices. For pi and Qwen Code the ids tell copies from replies; for Qwen Code
# the cached tokens have to be taken out of the input.
#
# Seen (three requests of 200 new and 1,000 cached tokens each, the third one in a fork after two):
#   pi:   input 1000, cached 5000, output 50 (sent: 600, 3000, 30)
#   qwen: input 6000, cached 5000, output 50 (sent: 600, 3000, 30)
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli usage home/.pi/agent home/.qwen shop
npm install --silent --no-audit --no-fund --prefix cli @mariozechner/pi-coding-agent@0.73.1 @qwen-code/qwen-code@0.24.4 >/dev/null
npm install --silent --no-audit --no-fund --prefix usage llm-usage-metrics@0.8.0 >/dev/null
cat >run.py <<'EOF'
import glob, http.server, json, os, subprocess, threading

work = os.getcwd()
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        chunk = {"id": f"c{len(requests)}", "object": "chat.completion.chunk", "created": 1, "model": "mock"}
        usage = {"prompt_tokens": 1200, "completion_tokens": 10, "total_tokens": 1210}
        usage["prompt_tokens_details"] = {"cached_tokens": 1000}
        for delta, reason in [({"role": "assistant", "content": "Answer."}, None), ({}, "stop")]:
            part = {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
            self.wfile.write(f"data: {json.dumps(part)}\n\n".encode())
        self.wfile.write(f"data: {json.dumps({**chunk, 'choices': [], 'usage': usage})}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{model.server_address[1]}/v1"
provider = {"baseUrl": url, "api": "openai-completions", "apiKey": "dummy", "models": [{"id": "mock", "name": "mock"}]}
with open("home/.pi/agent/models.json", "w") as file:
    json.dump({"providers": {"local": provider}}, file)
with open("home/.qwen/settings.json", "w") as file:
    settings = {"general": {"enableAutoUpdate": False}, "privacy": {"usageStatisticsEnabled": False}}
    # Else it asks the model after each turn what to remember.
    settings["memory"] = {"enableManagedAutoMemory": False}
    json.dump({**settings, "security": {"auth": {"selectedType": "openai"}}}, file)
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "PI_OFFLINE": "1", "NO_COLOR": "1"}
environment |= {"OPENAI_API_KEY": "dummy", "OPENAI_BASE_URL": url, "OPENAI_MODEL": "mock"}
common = {"env": environment, "cwd": work + "/shop", "stdin": subprocess.DEVNULL, "check": True, "stderr": subprocess.DEVNULL}


def run(program: str, *arguments: str) -> bytes:
    command = ["timeout", "100", f"{work}/{program}", *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, **common).stdout


def sessions(pattern: str) -> set:
    return set(glob.glob(work + "/home/" + pattern))


def used(source: str) -> str:
    report = run("usage/node_modules/.bin/llm-usage", "daily", "--json", "--pricing-offline", "--source", source)
    [total] = [row for row in json.loads(report)["data"] if row["rowType"] == "grand_total"]
    return f"input {total['inputTokens']}, cached {total['cacheReadTokens']}, output {total['outputTokens']}"


pi = ("cli/node_modules/.bin/pi", "--provider", "local", "--model", "mock")
run(*pi, "--print", "pears")
[file] = sessions(".pi/agent/sessions/*/*.jsonl")
thread = file.rpartition("_")[2].removesuffix(".jsonl")
run(*pi, "--session", thread, "--print", "plums")
run(*pi, "--fork", thread, "--print", "figs")
assert len(sessions(".pi/agent/sessions/*/*.jsonl")) == 2
assert len(requests) == 3, len(requests)
print(f"pi:   {used('pi')} (sent: 600, 3000, 30)")

requests.clear()
qwen = "cli/node_modules/.bin/qwen"
run(qwen, "--prompt", "pears")
[file] = sessions(".qwen/projects/*/chats/*.jsonl")
thread = os.path.basename(file).removesuffix(".jsonl")
run(qwen, "--resume", thread, "--prompt", "plums")
run(qwen, "--resume", thread, "--fork-session", "--prompt", "figs")
assert len(sessions(".qwen/projects/*/chats/*.jsonl")) == 2
assert len(requests) == 3, len(requests)
print(f"qwen: {used('qwen')} (sent: 600, 3000, 30)")
EOF
python3 run.py | tee report
cat >expected <<'EOF'
pi:   input 1000, cached 5000, output 50 (sent: 600, 3000, 30)
qwen: input 6000, cached 5000, output 50 (sent: 600, 3000, 30)
EOF
cmp report expected
