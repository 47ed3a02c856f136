#!/usr/bin/env bash
# npm ccusage 20.0.24 with @openai/codex 0.171.0.
#
# ccusage counts nothing of what was asked in a fork of a Codex session, however long it went on: the session is neither in
# `ccusage codex session` nor in the totals by day. Rollouts of older versions began a fork with copies of the source's lines,
# token counts included, which must not count again. Rollouts of newer versions name their source in one line
# (`history_base`) and begin with the fork's own lines: these are left out instead. Sessions that were resumed, and those of
# reviews, are counted.
#
# Why it matters: a fork is the usual way to try something else, and may become the longer session. The report is too low by
# all of it, and does not say so. `thread_token_usage` in the fork's file goes on from that of its source, so that it must
# not be added either: what the fork took is the sum over the `usage` of its token_usage_record lines.
#
# Seen (input tokens, those from the cache included):
#   the model read: 1000 2000 in the session, 300 400 in its fork, 50 in the session once more
#   in the files:   session 1000 2000 50, fork 300 400
#   ccusage:        1 session, 3050 of 3750 tokens
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home/.codex shop
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 ccusage@20.0.24 >/dev/null
cat >run.py <<'EOF'
import glob, http.server, json, os, subprocess, threading

work = os.path.realpath(os.getcwd())
inputs = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        tokens = (1000, 2000, 300, 400, 50)[len(inputs)]
        inputs.append(tokens)
        id = f"resp_{len(inputs)}"
        item = {"type": "message", "id": f"msg_{len(inputs)}", "role": "assistant", "status": "completed"}
        item["content"] = [{"type": "output_text", "text": "Answer.", "annotations": []}]
        usage = {"input_tokens": tokens, "output_tokens": 5, "total_tokens": tokens + 5}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in [
            {"type": "response.created", "response": {"id": id}},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": {"id": id, "output": [item], "usage": usage}},
        ]:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
with open("home/.codex/config.toml", "w") as file:
    file.write('model = "gpt-5.5"\nmodel_provider = "local"\n[model_providers.local]\nname = "local"\n')
    file.write(f'base_url = "http://127.0.0.1:{model.server_address[1]}/v1"\nwire_api = "responses"\nenv_key = "LOCAL_KEY"\n')
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "LOCAL_KEY": "dummy", "NO_COLOR": "1"}


def run(program: str, *arguments: str) -> str:
    command = [work + "/cli/node_modules/.bin/" + program, *arguments]
    common = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "timeout": 100}
    return subprocess.run(command, check=True, cwd=work + "/shop", env=environment, **common).stdout


def sessions() -> list:
    """The ids of all sessions, and where their files are, in the order in which they began."""
    return [(path[-42:-6], path) for path in sorted(glob.glob("home/.codex/sessions/*/*/*/*.jsonl"), key=os.path.getctime)]


def read(path: str) -> str:
    lines = map(json.loads, open(path))
    return " ".join(str(line["payload"]["usage"]["input_tokens"]) for line in lines if line["type"] == "token_usage_record")


codex = ("exec", "--skip-git-repo-check")
run("codex", *codex, "Make tea.")
[(session, file)] = sessions()
run("codex", "exec", "resume", "--skip-git-repo-check", session, "And more.")
run("codex", "exec", "fork", "--skip-git-repo-check", session, "Make coffee instead.")
[(fork, fork_file)] = [one for one in sessions() if one[0] != session]
run("codex", "exec", "resume", "--skip-git-repo-check", fork, "And more of it.")
run("codex", "exec", "resume", "--skip-git-repo-check", session, "Serve the tea.")

report = json.loads(run("ccusage", "codex", "session", "--offline", "--json"))
print("the model read: {} {} in the session, {} {} in its fork, {} in the session once more".format(*inputs))
print(f"in the files:   session {read(file)}, fork {read(fork_file)}")
print(f"ccusage:        {len(report['sessions'])} session, {report['totals']['inputTokens']} of {sum(inputs)} tokens")
EOF
python3 run.py | tee report
cat >expected <<'EOF'
the model read: 1000 2000 in the session, 300 400 in its fork, 50 in the session once more
in the files:   session 1000 2000 50, fork 300 400
ccusage:        1 session, 3050 of 3750 tokens
EOF
cmp report expected
