#!/usr/bin/env bash
# PyPI search-clanker-history 0.3.0, session-ls 0.2.4 and agsearch 0.2.0, with npm @anthropic-ai/claude-code 2.1.332.
#
# Three tools that search the sessions of coding agents say that nothing matches for what a session shows:
# - search-clanker-history ("search pattern, regex") compares the pattern with the lines of the file before it reads them, and
#   these are JSON: a quotation mark stands there as `\"`, a backslash as `\\`. No pattern with either of them matches.
# - `session-ls --full` is described as a "literal decoded-text scan". It finds no text with a quotation mark or a backslash
#   either, and finds a path by the form that it has within JSON.
# - agsearch ("type anything you remember") takes only the letters a to z and digits out of a query: `größe` becomes "gr" and
#   "e", which no session has; of a query in another alphabet nothing is left, and it finds all sessions, also those without it.
#
# Why it matters: code, error messages and paths of Windows are what people search for, and "no matches" reads as if the session
# was gone. Leave such characters out: a dot stands for any one character in search-clanker-history.
#
# The session is made by the program itself, against a model server on the loopback.
#
# Seen, whether each query finds the prompt `Why does print("pears") of C:\temp\new show größe?`:
#   search-clanker-history: pears yes, "pears" no, print\("pears"\) no, temp\\new no, print...pears yes
#   session-ls --full: pears yes, "pears" no, print("pears") no, temp\new no, temp\\new yes
#   agsearch: pears yes, größe no, яблоко yes
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home shop
npm install --silent --no-audit --no-fund --prefix cli @anthropic-ai/claude-code@2.1.332 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check search-clanker-history==0.3.0 session-ls==0.2.4 agsearch==0.2.0
cat >run.py <<'EOF'
import http.server, json, os, subprocess, threading

work = os.path.realpath(os.getcwd())


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 5}}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in (
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "I see."}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        ):
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()


def run(*command: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": f"{work}/home", "NO_COLOR": "1", "LANG": "C.UTF-8"}
    environment |= {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.server_address[1]}"}
    environment |= {"DISABLE_AUTOUPDATER": "1", "IS_SANDBOX": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    command = ["timeout", "60", f"{work}/{command[0]}", *command[1:]]
    common = {"env": environment, "cwd": f"{work}/shop", "stdin": subprocess.DEVNULL}
    return subprocess.run(command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True, **common).stdout


def report(tool: str, *queries: str, command: tuple[str, ...], nothing: str) -> None:
    outputs = {query: run(*command, query) for query in queries}
    assert all(nothing in output or "pears" in output for output in outputs.values()), outputs
    print(f"{tool}:", ", ".join(f"{query} {'no' if nothing in output else 'yes'}" for query, output in outputs.items()))


prompt = r'Why does print("pears") of C:\temp\new show größe and цена?'
run("cli/node_modules/.bin/claude", "-p", prompt)
search = ("py/bin/search-clanker-history", "--agent", "claude", "-t", "user")
queries = ("pears", '"pears"', r'print\("pears"\)', r"temp\\new", "print...pears")
report("search-clanker-history", *queries, command=search, nothing="No matches found.")
queries = ("pears", '"pears"', 'print("pears")', r"temp\new", r"temp\\new")
report("session-ls --full", *queries, command=("py/bin/session-ls", "--full"), nothing="\n0 sessions")
report("agsearch", "pears", "größe", "яблоко", command=("py/bin/agsearch", "-n"), nothing="No matches.")
EOF
py/bin/python run.py | tee report
cat >expected <<'EOF'
search-clanker-history: pears yes, "pears" no, print\("pears"\) no, temp\\new no, print...pears yes
session-ls --full: pears yes, "pears" no, print("pears") no, temp\new no, temp\\new yes
agsearch: pears yes, größe no, яблоко yes
EOF
cmp report expected
