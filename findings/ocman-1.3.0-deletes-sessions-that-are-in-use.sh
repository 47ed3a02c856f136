#!/usr/bin/env bash
# PyPI ocman 1.3.0, with npm opencode-ai 1.18.33.
#
# `ocman db clean 30 days` is to delete sessions of OpenCode that are older than that. It goes by when a session began, not
# by when it was used last: a session that began 31 days ago and had a prompt a minute ago is deleted, with its subagents.
# `ocman session move ID --to DIR --metadata-only`, which is documented to relocate a single session, gives its new
# directory to all other sessions of the old directory too. The report names the one session. It leaves the times of the
# rows, so that programs which follow these do not see that anything was moved.
#
# Why it matters: the conversations that people return to are the ones that go on for weeks. A copy of the database is left
# beside it, which has to be put back as a whole, without what was said since. Sessions that were moved along are filed
# under a directory in which they never ran.
#
# The sessions are made by the program itself, against a model server on the loopback. The first one is then dated 31 days
# back, before its second prompt.
#
# Seen:
#   before: pears, plums, figs; last used today: all
#   after db clean 30 days: plums, figs
#   moved: plums; in the new directory: plums, figs
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli shop market home/.config/opencode
npm install --silent --no-audit --no-fund --prefix cli opencode-ai@1.18.33 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check ocman==1.3.0
cat >run.py <<'EOF'
import http.server, json, os, sqlite3, subprocess, threading, time

work = os.path.realpath(os.getcwd())
FRUITS = ("pears", "plums", "figs")
MONTH = 31 * 86_400_000


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "mock"}
        usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
        for delta, reason in [({"role": "assistant", "content": "Answer."}, None), ({}, "stop")]:
            event = {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], "usage": usage}
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
provider = {"npm": "@ai-sdk/openai-compatible", "name": "mock"}
provider["options"] = {"baseURL": f"http://127.0.0.1:{model.server_address[1]}/v1", "apiKey": "dummy"}
provider["models"] = {"mock": {"name": "mock"}}
settings = {"model": "mock/mock", "small_model": "mock/mock", "autoupdate": False, "provider": {"mock": provider}}
with open("home/.config/opencode/opencode.json", "w") as file:
    json.dump(settings, file)
environment = {"PATH": f"{work}/cli/node_modules/.bin:{os.environ['PATH']}", "HOME": f"{work}/home", "NO_COLOR": "1"}
environment["OPENCODE_DISABLE_MODELS_FETCH"] = "1"


def run(*command: str) -> str:
    common = {"env": environment, "cwd": f"{work}/shop", "stdin": subprocess.DEVNULL}
    done = subprocess.run(["timeout", "120", *command], capture_output=True, text=True, **common)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rows(statement: str, *values: object) -> list:
    with sqlite3.connect(f"{work}/home/.local/share/opencode/opencode.db") as database:
        return database.execute(statement, values).fetchall()


def named(titles: list) -> str:
    return ", ".join(fruit for fruit in FRUITS if fruit in titles) or "nothing"


def sessions(condition: str = "1", *values: object) -> str:
    return named([title for (title,) in rows(f"SELECT title FROM session WHERE {condition}", *values)])


for fruit in FRUITS:
    run("opencode", "run", "--title", fruit, fruit)
ids = dict(rows("SELECT title, id FROM session"))
for table, column in (("session", "id"), ("message", "session_id"), ("part", "session_id")):
    times = "time_created = time_created - ?, time_updated = time_updated - ?"
    rows(f"UPDATE {table} SET {times} WHERE {column} = ?", MONTH, MONTH, ids["pears"])
run("opencode", "run", "--session", ids["pears"], "and more")
today = int(time.time() * 1000) - 3_600_000
used = "all" if sessions("time_updated > ?", today) == sessions() else sessions("time_updated > ?", today)
print(f"before: {sessions()}; last used today: {used}")
run(f"{work}/py/bin/ocman", "db", "clean", "30", "days", "--yes", "--no-extracts")
print("after db clean 30 days:", sessions())
run(f"{work}/py/bin/ocman", "session", "move", ids["plums"], "--to", f"{work}/market", "--metadata-only", "--yes")
print(f"moved: plums; in the new directory: {sessions('directory = ?', f'{work}/market')}")
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
before: pears, plums, figs; last used today: all
after db clean 30 days: plums, figs
moved: plums; in the new directory: plums, figs
EOF
cmp report expected
