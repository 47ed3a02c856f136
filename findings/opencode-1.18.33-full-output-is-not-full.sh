#!/usr/bin/env bash
# npm opencode-ai 1.18.33.
#
# The bash tool ends when the command has exited, and does not wait until its pipe has been read to the end. Of an output that
# is too long for the model, the result names a file: "Full output saved to". Of 60 files of 615 KB that `cat` prints, several
# stop before their end in the file as well as in the result, with exit code 0 and no word about it. In a pipe with `head`,
# the beginning may be missing instead. The same race was reported for 1.17.18 (anomalyco/opencode issue 36795, closed), as one
# that cannot be reproduced and leaves outputs empty.
#
# Why it matters: the model searches the file for what is not in the part that it got, and takes for absent what was lost. A
# reader that archives the file, which the program deletes after a week, has no whole output either.
#
# Seen:
#   commands: 60, with exit code 0: 60
#   files with the full output that stop early: some
#   a notice of it in these results: none
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli opencode-ai@1.18.33 >/dev/null
cat >run.py <<'EOP'
import http.server, json, os, re, sqlite3, subprocess, sys, threading

work = os.path.realpath(os.getcwd())
COUNT = 60
LIST = "".join(f"{number} teas\n" for number in range(55_000))
END = "the end of the list\n"
# Another name each time, so that no call repeats one before.
for number in range(COUNT):
    with open(f"shop/list{number}.txt", "w") as file:
        file.write(LIST + END)


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        done = sum(message["role"] == "tool" for message in body["messages"])
        delta, reason = {"content": "Done."}, "stop"
        if body.get("tools") and done < COUNT:
            given = json.dumps({"command": f"cat list{done}.txt", "description": "Read"})
            call = {"index": 0, "id": f"call_{done}", "type": "function", "function": {"name": "bash", "arguments": given}}
            delta, reason = {"content": "", "tool_calls": [call]}, "tool_calls"
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "mock"}
        usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
        for one, end in [({"role": "assistant", **delta}, None), ({}, reason)]:
            part = {**chunk, "choices": [{"index": 0, "delta": one, "finish_reason": end}], "usage": usage}
            self.wfile.write(f"data: {json.dumps(part)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
options = {"baseURL": f"http://127.0.0.1:{model.server_address[1]}/v1", "apiKey": "dummy"}
provider = {"npm": "@ai-sdk/openai-compatible", "name": "mock", "options": options, "models": {"mock": {"name": "mock", "tool_call": True}}}
settings = {"provider": {"mock": provider}, "model": "mock/mock", "small_model": "mock/mock", "autoupdate": False}
quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def run(home: str) -> list[dict]:
    """The states of all calls in the database of a run."""
    os.makedirs(f"{home}/.config/opencode")
    with open(f"{home}/.config/opencode/opencode.json", "w") as file:
        json.dump({**settings, "permission": "allow"}, file)
    environment = {"PATH": os.environ["PATH"], "HOME": home, "OPENCODE_DISABLE_MODELS_FETCH": "1"}
    command = ["timeout", "150", f"{work}/cli/node_modules/.bin/opencode", "run", "--title", "t", "Read all."]
    subprocess.run(command, check=True, cwd="shop", env=environment, **quiet)
    database = sqlite3.connect(f"{home}/.local/share/opencode/opencode.db")
    rows = database.execute("SELECT data FROM part WHERE data->>'type' = 'tool' ORDER BY id")
    return [json.loads(data)["state"] for (data,) in rows]


def is_whole(state: dict) -> bool:
    with open(state["metadata"]["outputPath"]) as file:
        return file.read() == LIST + END


# Few are lost on a quiet machine: there may be runs without a loss.
for number in range(5):
    states = run(f"{work}/home/{number}")
    lost = [state for state in states if not is_whole(state)]
    if lost:
        break
print(f"commands: {len(states)}, with exit code 0: {sum(state['metadata']['exit'] == 0 for state in states)}")
print("files with the full output that stop early:", "some" if lost else "none")
notices = [state for state in lost if re.search("lost|incomplete|missing|partial|_metadata", state["output"])]
print("a notice of it in these results:", len(notices) or "none")
print(f"{len(lost)} lost in run {number + 1}", file=sys.stderr)
EOP
python3 run.py | tee report
cat >expected <<'EOP'
commands: 60, with exit code 0: 60
files with the full output that stop early: some
a notice of it in these results: none
EOP
cmp report expected
