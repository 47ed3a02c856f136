#!/usr/bin/env bash
# npm @openai/codex 0.171.0.
#
# A thread that is resumed in another directory belongs to that one from then on: `thread/read` and an unfiltered `thread/list`
# of the app server say so, and `codex exec resume --last` continues it there. But `thread/list` with `cwd` does not find
# it there. It finds it under the directory in which it began, and then also names that one as its `cwd`: one thread, two
# answers of one method. With `useStateDbOnly` the same list is the other way round. The schema of the server calls `cwd` a
# filter for "threads whose session cwd exactly matches", and `useStateDbOnly` a matter of scanning for repairs.
#
# Why it matters: editors and other clients list the threads of the open project by this filter. A thread that a person moved
# into the project is not in its list, and stays in that of the project which was left.
#
# Seen (a thread that began in `shop` and was resumed in `store`):
#   no filter                    store
#   read                         store
#   of shop                      shop
#   of store                     -
#   of shop, by the database     -
#   of store, by the database    store
#   resume --last in store       first | second | third
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p cli home codex shop store
npm install --silent --no-audit --no-fund --prefix cli @openai/codex@0.171.0 >/dev/null
cat >run.py <<'END'
import http.server, json, os, subprocess, threading

work = os.path.realpath(os.getcwd())
codex = work + "/cli/node_modules/.bin/codex"
requests = []


class Model(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        item = {"type": "message", "id": f"msg_{len(requests)}", "role": "assistant", "status": "completed"}
        item["content"] = [{"type": "output_text", "text": "Answer.", "annotations": []}]
        usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
        usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for event in [
            {"type": "response.created", "response": {"id": "resp_1"}},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": {"id": "resp_1", "output": [item], "usage": usage}},
        ]:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=model.serve_forever, daemon=True).start()
with open("codex/config.toml", "w") as file:
    file.write('model = "gpt-5.5"\nmodel_provider = "local"\n[model_providers.local]\nname = "local"\n')
    file.write(f'base_url = "http://127.0.0.1:{model.server_address[1]}/v1"\nwire_api = "responses"\nenv_key = "LOCAL_KEY"\n')
environment = {"PATH": os.environ["PATH"], "HOME": work + "/home", "CODEX_HOME": work + "/codex", "LOCAL_KEY": "dummy"}


def run(folder, *arguments):
    command = [codex, "exec", *arguments]
    subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=120)


class Server:
    def __init__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([codex, "app-server"], cwd="shop", env=environment, text=True, **pipes)
        self.calls = 0
        self.call("initialize", {"clientInfo": {"name": "editor", "version": "1"}, "capabilities": {"experimentalApi": True}})

    def call(self, method, params):
        self.calls += 1
        self.process.stdin.write(json.dumps({"id": self.calls, "method": method, "params": params}) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            message = json.loads(line)
            if message.get("id") == self.calls:
                return message["result"]

    def listed(self, **filter):
        found = self.call("thread/list", {"sourceKinds": ["exec", "cli"], "modelProviders": [], **filter})["data"]
        return " ".join(os.path.basename(thread["cwd"]) for thread in found) or "-"


run("shop", "--skip-git-repo-check", "first")
[rollout] = [file for _, _, files in os.walk("codex/sessions") for file in files]
id = rollout.removesuffix(".jsonl")[-36:]
run("store", "resume", "--skip-git-repo-check", id, "second")
server = Server()
shop, store = {"cwd": work + "/shop"}, {"cwd": work + "/store"}
database = {"useStateDbOnly": True}
print("no filter                   ", server.listed())
print("read                        ", os.path.basename(server.call("thread/read", {"threadId": id})["thread"]["cwd"]))
print("of shop                     ", server.listed(**shop))
print("of store                    ", server.listed(**store))
print("of shop, by the database    ", server.listed(**shop, **database))
print("of store, by the database   ", server.listed(**store, **database))
server.process.stdin.close()
server.process.wait(30)
run("store", "resume", "--skip-git-repo-check", "--last", "third")
said = [part["text"] for item in requests[-1]["input"] if item.get("role") == "user" for part in item["content"]]
print("resume --last in store      ", " | ".join(text for text in said if text in ("first", "second", "third")))
END
python3 run.py | tee report
cat >expected <<'END'
no filter                    store
read                         store
of shop                      shop
of store                     -
of shop, by the database     -
of store, by the database    store
resume --last in store       first | second | third
END
cmp report expected
