#!/usr/bin/env bash
# PyPI pygqlc 3.10.0, a client, before a server of graphql-core 3.3.2.
#
# `query` and `mutate` return what is in the answer without the levels that have one field. The function that does so keeps the
# last 128 results, and returns the same list or dictionary each time that a server answers the same: a program that sorts,
# filters or completes what it got finds its own changes in the next answer, of another operation as well, and so does each
# other thread. No error tells of it: the request is sent, and its answer is correct. With `flatten=False`, answers are their
# own. Keys of objects in a JSON scalar come back in alphabetical order.
#
# Why it matters: a program that takes the sessions it has handled out of its list never sees them again, whatever the server
# says, until something in the list has changed.
#
# Seen:
#   sessions, as the server has them: a b
#   after a caller removed the first:  b
#   in another operation:              b
#   with flatten=False:                a b
#   requests that the server got: 4
#   keys of a JSON scalar: sent z a, received a z
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'pygqlc==3.10.0' 'graphql-core==3.3.2' >/dev/null 2>&1
cat >run.py <<'EOF'
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from graphql import build_schema, graphql_sync
from pygqlc import GraphQLClient

SCHEMA = build_schema("""
  scalar JSON
  type Query { sessions: [Session!]!, input: JSON }
  type Session { id: ID!, title: String! }
""")
ROOT = {"sessions": [{"id": "a", "title": "One"}, {"id": "b", "title": "Two"}], "input": {"z": 1, "a": 2}}
REQUESTS = []


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        REQUESTS.append(request)
        body = json.dumps(graphql_sync(SCHEMA, request["query"], ROOT).formatted).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"127.0.0.1:{server.server_port}"
client = GraphQLClient()
client.addEnvironment("test", url=f"http://{url}", wss=f"ws://{url}", headers={}, default=True)


def ids(sessions):
    return " ".join(session["id"] for session in sessions)


query = "{ sessions { id title } }"
sessions, errors = client.query(query)
assert errors == []
print(f"sessions, as the server has them: {ids(sessions)}")
sessions.pop(0)
print(f"after a caller removed the first:  {ids(client.query(query)[0])}")
print(f"in another operation:              {ids(client.query('query Other { sessions { title id } }')[0])}")
print(f"with flatten=False:                {ids(client.query(query, flatten=False)[0]['data']['sessions'])}")
print(f"requests that the server got: {len(REQUESTS)}")
arguments, _ = client.query("{ input }")
print(f"keys of a JSON scalar: sent {' '.join(ROOT['input'])}, received {' '.join(arguments)}", flush=True)
os._exit(0)  # the client's threads would keep the process
EOF
venv/bin/python run.py 2>errors | tee report || cat errors
cat >expected <<'EOF'
sessions, as the server has them: a b
after a caller removed the first:  b
in another operation:              b
with flatten=False:                a b
requests that the server got: 4
keys of a JSON scalar: sent z a, received a z
EOF
cmp report expected
