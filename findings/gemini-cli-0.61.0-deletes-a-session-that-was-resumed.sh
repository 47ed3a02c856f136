#!/usr/bin/env bash
# npm @google/gemini-cli 0.61.0.
#
# A session that was resumed is deleted by the next start of the program in that directory, if this resumes no session: a new
# prompt does it, and so does --list-sessions. `gemini --resume ID` goes on in the session's file, but first makes another one,
# named after the present minute and the same id, in which nothing is ever said. The clean-up at the next start takes that
# file for broken, and with it deletes all files of the same id. Only a resume within the minute in which the
# session began is spared, since both names are the same then. No setting is needed for it (`general.sessionRetention` has its
# default), and nothing is printed.
#
# Why it matters: this is not the deletion after 30 days that people know of. What was resumed is what somebody still needed.
# A program that keeps copies must take them before the next start, and must not delete its own when the file is gone.
#
# Seen (files in chats/, with the prompts that they hold):
#   after the first prompt:        (Make tea.)
#   after a resume a minute later: (Make tea. And cake.) ()
#   after --list-sessions:         ()
#   after another prompt instead:  (Hello.)
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p home/.gemini shop cli
npm install --silent --no-audit --no-fund --prefix cli @google/gemini-cli@0.61.0 >/dev/null
cat >run.py <<'EOF'
import glob, http.server, json, os, shutil, subprocess, threading, time

work = os.path.realpath(os.getcwd())
prompts = ("Make tea.", "And cake.", "Hello.")


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        content = {"role": "model", "parts": [{"text": "Done."}]}
        answer = {"candidates": [{"index": 0, "content": content, "finishReason": "STOP"}]}
        answer["usageMetadata"] = {"promptTokenCount": 9, "candidatesTokenCount": 9, "totalTokenCount": 18}
        is_stream = "stream" in self.path
        data = f"data: {json.dumps(answer)}\n\n" if is_stream else json.dumps({**answer, "totalTokens": 9})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if is_stream else "application/json")
        self.end_headers()
        self.wfile.write(data.encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"enableAutoUpdate": False}}
settings |= {"privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False}}
json.dump(settings, open("home/.gemini/settings.json", "w"))
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "GEMINI_API_KEY": "dummy", "NO_COLOR": "1", "LANG": "C.UTF-8"}
environment |= {"GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}", "GEMINI_CLI_NO_RELAUNCH": "1"}


def gemini(*arguments: str) -> None:
    command = ["node", work + "/cli/node_modules/@google/gemini-cli/bundle/gemini.js", "--skip-trust", *arguments]
    common = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "timeout": 100}
    subprocess.run(command, check=True, cwd=work + "/shop", env=environment, **common)


def files() -> str:
    """The prompts that each file holds, files with the most first."""
    texts = (open(path).read() for path in glob.glob("home/.gemini/tmp/*/chats/*"))
    held = [" ".join(prompt for prompt in prompts if prompt in text) for text in texts]
    return " ".join(f"({one})" for one in sorted(held, key=len, reverse=True))


def ask(prompt: str, *arguments: str) -> None:
    gemini("--model", "gemini-2.5-flash", *arguments, "--prompt", prompt)


ask(prompts[0])
print("after the first prompt:       ", files(), flush=True)
[path] = glob.glob("home/.gemini/tmp/*/chats/*")
id = json.loads(open(path).readline())["sessionId"]
# The names of files have the minute. A start takes some seconds.
time.sleep(61 - time.time() % 60)
ask(prompts[1], "--resume", id)
print("after a resume a minute later:", files(), flush=True)
shutil.copytree("home/.gemini", "kept")
gemini("--list-sessions")
print("after --list-sessions:        ", files(), flush=True)
shutil.rmtree("home/.gemini")
shutil.copytree("kept", "home/.gemini")
ask(prompts[2])
print("after another prompt instead: ", files(), flush=True)
EOF
python3 run.py | tee report
cat >expected <<'EOF'
after the first prompt:        (Make tea.)
after a resume a minute later: (Make tea. And cake.) ()
after --list-sessions:         ()
after another prompt instead:  (Hello.)
EOF
cmp report expected
