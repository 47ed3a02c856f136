#!/usr/bin/env bash
# npm @qwen-code/qwen-code 0.24.4.
#
# Where no terminal is used, as with `--prompt`, run_shell_command takes what it has read of the output when the command has
# exited, and does not wait until its pipes have been read to the end. Of 100 files of 230 KB that `cat` prints, between two
# and ten are "(empty)" or stop before their end, with exit code 0 and no word about it. Short outputs are lost, too. The
# model gets that, and so does the transcript. Of a long output, the model gets a shortened text that names a file with "the
# full output": the end is missing in that file as well.
#
# Why it matters: the model takes it for what the command printed, such as no matches of a search, or tests that ran without
# a failure. A reader of such a session finds outputs that are empty, and cannot tell that they were not: they are in no file.
#
# Seen:
#   commands: 100, with exit code 0: 100
#   outputs that are empty or stop early: some
#   a notice of it in these: none
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @qwen-code/qwen-code@0.24.4 >/dev/null 2>&1
cat >run.py <<'EOP'
import glob, http.server, json, os, re, subprocess, sys, threading

work = os.getcwd()
# Other names each time: the program ends a session that repeats a call.
NAMES = [f"list{number}.txt" for number in range(100)]
END = "the end of the list"
for name in NAMES:
    with open(f"shop/{name}", "w") as file:
        file.write("".join(f"line {number} of the list of teas\n" for number in range(7000)) + END)


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        done = sum(message["role"] == "tool" for message in body["messages"])
        delta, reason = {"role": "assistant", "content": "Done."}, "stop"
        if body.get("tools") and done < len(NAMES):
            given = {"command": f"cat {NAMES[done]}", "description": "Read", "is_background": False}
            function = {"name": "run_shell_command", "arguments": json.dumps(given)}
            call = {"index": 0, "id": f"call_{done}", "type": "function", "function": function}
            delta, reason = {"role": "assistant", "content": "", "tool_calls": [call]}, "tool_calls"
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "qwen3-vl-plus"}
        usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
        for part, end in [(delta, None), ({}, reason)]:
            event = {**chunk, "choices": [{"index": 0, "delta": part, "finish_reason": end}], "usage": usage}
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
settings = {"security": {"auth": {"selectedType": "openai"}}, "general": {"enableAutoUpdate": False}}
settings["memory"] = {"enableManagedAutoMemory": False}
command = ["timeout", "240", "node", "../cli/node_modules/@qwen-code/qwen-code/cli-entry.js", "--auth-type", "openai"]
command += ["--model", "qwen3-vl-plus", "--yolo", "--prompt", "Read all."]
quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def run(home: str) -> list[str]:
    """The results of all calls in the transcript of a run."""
    os.makedirs(f"{home}/.qwen")
    with open(f"{home}/.qwen/settings.json", "w") as file:
        json.dump(settings, file)
    environment = {"PATH": os.environ["PATH"], "HOME": home, "OPENAI_API_KEY": "dummy"}
    environment["OPENAI_BASE_URL"] = f"http://127.0.0.1:{model.server_address[1]}/v1"
    subprocess.run(command, check=True, cwd="shop", env=environment, **quiet)
    [transcript] = glob.glob(f"{home}/.qwen/projects/*/chats/*.jsonl")
    with open(transcript) as file:
        records = [json.loads(line) for line in file]
    answers = [one["message"]["parts"][0]["functionResponse"] for one in records if one["type"] == "tool_result"]
    return [answer["response"]["output"] for answer in answers]


def whole(result: str) -> str:
    """A result; of one that was shortened, the file with the full output."""
    saved = re.search(r"saved to: (.+)", result)
    if saved is None:
        return result
    with open(saved[1]) as file:
        return file.read()


# Few are lost on a quiet machine: there may be runs without a loss.
for number in range(5):
    results = [whole(result) for result in run(f"{work}/home/{number}")]
    lost = [result for result in results if f"{END}\nError:" not in result]
    if lost:
        break
print(f"commands: {len(results)}, with exit code 0: {sum('Exit Code: 0' in result for result in results)}")
print("outputs that are empty or stop early:", "some" if lost else "none")
notices = [result for result in lost if re.search("lost|incomplete|missing|partial|limit", result.partition("Output:")[0])]
print("a notice of it in these:", len(notices) or "none")
print(f"{len(lost)} lost in run {number + 1}", file=sys.stderr)
EOP
python3 run.py | tee report
cat >expected <<'EOP'
commands: 100, with exit code 0: 100
outputs that are empty or stop early: some
a notice of it in these: none
EOP
cmp report expected
