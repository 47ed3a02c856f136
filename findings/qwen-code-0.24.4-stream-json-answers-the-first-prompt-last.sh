#!/usr/bin/env bash
# npm @qwen-code/qwen-code 0.24.4.
#
# `qwen --input-format stream-json` reads one message a line from its input. Where several prompts are in the input at the
# start, as in a file or a pipe, it begins with the second one, and carries out the first one last. The transcript has them
# in that order, with rising times: no line tells that "pears" was asked first. A picture beside the text of a prompt is sent
# to the model as the text of its JSON, in base64, and the model gets no picture, although it takes pictures; the transcript
# has it as words of the user.
#
# Why it matters: a script that first lets files be written and then lets them be checked gets the check first. Whoever reads
# such a session later, or searches it, finds another order than that of the input, and base64 among the prompts. A client
# that sends an `initialize` request first and waits for its answer, as the SDK does, is answered in order.
#
# Seen:
#   asked: pears plums figs
#   carried out: plums figs pears
#   in the transcript: plums figs pears
#   with a request to initialize: pears plums figs
#   pictures sent: 0, prompts with base64 in their text: 1, in the transcript: 1
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @qwen-code/qwen-code@0.24.4 >/dev/null 2>&1
cat >run.py <<'EOP'
import glob, http.server, json, os, subprocess, threading

work = os.getcwd()
requests = []
FRUITS = ("pears", "plums", "figs")
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if body.get("tools"):
            requests.append(body)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "qwen3-vl-plus"}
        usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
        for delta, reason in [({"role": "assistant", "content": "Answer."}, None), ({}, "stop")]:
            part = {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], "usage": usage}
            self.wfile.write(f"data: {json.dumps(part)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{model.server_address[1]}/v1"
command = ["timeout", "120", "node", "../cli/node_modules/@qwen-code/qwen-code/cli-entry.js", "--auth-type", "openai"]
command += ["--model", "qwen3-vl-plus", "--yolo", "--input-format", "stream-json", "--output-format", "stream-json"]


def run(home: str, *lines: object) -> list[object]:
    """The records of the transcript of a run that gets all these lines at once."""
    requests.clear()
    os.makedirs(f"{home}/.qwen")
    settings = {"security": {"auth": {"selectedType": "openai"}}, "general": {"enableAutoUpdate": False}}
    # Else it asks the model after each turn what to remember.
    settings["memory"] = {"enableManagedAutoMemory": False}
    with open(f"{home}/.qwen/settings.json", "w") as file:
        json.dump(settings, file)
    environment = {"PATH": os.environ["PATH"], "HOME": home, "OPENAI_API_KEY": "dummy", "OPENAI_BASE_URL": url}
    given = "".join(json.dumps(line) + "\n" for line in lines)
    options = {"cwd": "shop", "env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command, check=True, input=given, text=True, **options)
    [transcript] = glob.glob(f"{home}/.qwen/projects/*/chats/*.jsonl")
    with open(transcript) as file:
        return [json.loads(line) for line in file]


def prompt(*content: object) -> object:
    message = {"role": "user", "content": list(content)}
    return {"type": "user", "session_id": "", "parent_tool_use_id": None, "message": message}


def text(text: str) -> object:
    return {"type": "text", "text": text}


def words(value: object) -> str:
    return " ".join(fruit for part in value for fruit in FRUITS if fruit in json.dumps(part))


def prompts(records: list) -> list:
    return [one["message"]["parts"] for one in records if one["type"] == "user"]


print("asked:", *FRUITS)
asked = [prompt(text(fruit)) for fruit in FRUITS]
records = run(work + "/home/1", *asked)
print("carried out:", words([one["messages"][-1] for one in requests]))
print("in the transcript:", words(prompts(records)))
initialize = {"type": "control_request", "request_id": "1", "request": {"subtype": "initialize"}}
print("with a request to initialize:", words(prompts(run(work + "/home/2", initialize, *asked))))
picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}}
records = run(work + "/home/3", prompt(text("pears"), picture))
parts = [part for part in requests[-1]["messages"][-1]["content"]]
pictures = [part for part in parts if part["type"] == "image_url"]
in_text = [part for part in parts if part["type"] == "text" and PICTURE in part["text"]]
stored = [part for one in prompts(records) for part in one if PICTURE in part.get("text", "")]
print(f"pictures sent: {len(pictures)}, prompts with base64 in their text: {len(in_text)}, in the transcript: {len(stored)}")
EOP
python3 run.py | tee report
cat >expected <<'EOP'
asked: pears plums figs
carried out: plums figs pears
in the transcript: plums figs pears
with a request to initialize: pears plums figs
pictures sent: 0, prompts with base64 in their text: 1, in the transcript: 1
EOP
cmp report expected
