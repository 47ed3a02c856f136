#!/usr/bin/env bash
# PyPI dlt 1.31.0 (its REST API source with duckdb 2.0.1) and singer-sdk 0.54.9 (the SDK of Meltano's taps, its class
# GraphQLStream) before a server of graphql-core 3.2.14.
#
# A GraphQL server answers an operation of which a field failed with status 200 and the field in `errors`. Neither loader reads
# `errors`: the page has no items and no cursor for them, and so it is the end of the list. The run succeeds.
# - dlt with the write disposition `replace` puts the table with what came before the failure in the place of the complete one.
# - A tap of singer-sdk emits a bookmark as if it had read all. Of a list that begins with the newest, the next run asks only
#   for what is newer than the first page, so that the items of the pages behind it are never loaded.
#   (https://github.com/meltano/sdk/issues/1421, open since 2023; a change that raises an error if `data` is null was merged after
#   this version. Here `data` has a null in it, as it does for each field that failed.)
# - GraphQLStream also joins the lines of a query by blanks, so that a comment makes a comment of everything behind it. The
#   server answers with a syntax error, and the tap succeeds with no record.
#
# Why it matters: who copies sessions into a warehouse to count them loses sessions by one time-out, and no run says so.
#
# Seen:
#   dlt, all pages:            6 items in the table, run succeeded
#   dlt, second page failed:   2 items in the table, run succeeded
#   tap, second page failed:   1 2, status 0, bookmark 2026-01-06T00:00:00+00:00
#   tap, next run:             nothing, status 0
#   tap, comment in the query: nothing, status 0
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'dlt[duckdb]==1.31.0' 'duckdb==2.0.1' 'singer-sdk==0.54.9' 'graphql-core==3.2.14' \
  >/dev/null 2>&1
cat >served.py <<'EOF'
"""Six items, the newest first, in pages of two; `fails` makes the second page fail."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from graphql import build_schema, graphql_sync

SCHEMA = build_schema("""
  type Query { items(after: String, since: String): Items }
  type Items { nodes: [Item!]! pageInfo: PageInfo! }
  type Item { id: Int! at: String! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
""")
ITEMS = [{"id": n, "at": f"2026-01-0{7 - n}T00:00:00+00:00"} for n in range(1, 7)]


class Root:
    fails = False

    def items(self, _info, after=None, since=None):
        if after and self.fails:
            raise RuntimeError("The operation timed out.")
        found = [item for item in ITEMS if not since or item["at"] > since]
        start = next((i + 1 for i, item in enumerate(found) if after == f"c{item['id']}"), 0)
        page = found[start : start + 2]
        more = start + 2 < len(found)
        return {"nodes": page, "pageInfo": {"hasNextPage": more, "endCursor": f"c{page[-1]['id']}" if more else None}}


ROOT = Root()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        result = graphql_sync(SCHEMA, request["query"], ROOT, variable_values=request.get("variables"))
        body = json.dumps(result.formatted).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
URL = f"http://127.0.0.1:{server.server_port}"
QUERY = """query ($after: String, $since: String) {
  items(after: $after, since: $since) { nodes { id at } pageInfo { hasNextPage endCursor } }
}"""
EOF
cat >load.py <<'EOF'
import dlt
import duckdb
from dlt.sources.rest_api import rest_api_source

from served import QUERY, ROOT, URL

for ROOT.fails in (False, True):
    source = rest_api_source(
        {
            "client": {"base_url": URL},
            "resources": [
                {
                    "name": "items",
                    "write_disposition": "replace",
                    "endpoint": {
                        "path": "graphql",
                        "method": "POST",
                        "json": {"query": QUERY.replace("{", "{{").replace("}", "}}"), "variables": {}},
                        "data_selector": "data.items.nodes",
                        "paginator": {
                            "type": "cursor",
                            "cursor_path": "data.items.pageInfo.endCursor",
                            "cursor_body_path": "variables.after",
                        },
                    },
                }
            ],
        }
    )
    destination = dlt.destinations.duckdb("items.duckdb")
    pipeline = dlt.pipeline("items", destination=destination, dataset_name="loaded", pipelines_dir="pipelines")
    failed = pipeline.run(source).has_failed_jobs
    with duckdb.connect("items.duckdb") as database:
        (count,) = database.execute("SELECT count(*) FROM loaded.items").fetchone()
    case = "second page failed:" if ROOT.fails else "all pages:"
    print(f"dlt, {case:<21} {count} items in the table, run {'failed' if failed else 'succeeded'}")
EOF
cat >tap.py <<'EOF'
import json
import sys

from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.streams import GraphQLStream

from served import QUERY, ROOT, URL

_, case, path = sys.argv
ROOT.fails = case == "fails"


class Items(GraphQLStream):
    name = "items"
    url_base = URL
    primary_keys = ("id",)
    replication_key = "at"
    records_jsonpath = "$.data.items.nodes[*]"
    next_page_token_jsonpath = "$.data.items.pageInfo.endCursor"
    query = QUERY.replace("{\n", "{\n  # the newest first\n", 1) if case == "comment" else QUERY
    schema = th.PropertiesList(th.Property("id", th.IntegerType), th.Property("at", th.DateTimeType)).to_dict()

    def get_url_params(self, context, next_page_token):
        since = self.get_starting_timestamp(context)
        return {"after": next_page_token, "since": since and since.isoformat()}


class ItemsTap(Tap):
    name = "tap-items"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self):
        return [Items(self)]


state = json.load(open(path)) if case == "next" else None
ItemsTap(config={}, state=state).sync_all()
EOF
summary() { # of the messages of a tap
  venv/bin/python - "$1" <<'EOF'
import json
import sys

messages = [json.loads(line) for line in open(sys.argv[1])]
ids = [str(message["record"]["id"]) for message in messages if message["type"] == "RECORD"]
print(" ".join(ids) or "nothing", end="")
EOF
}
export HOME=$work DLT_DATA_DIR=$work RUNTIME__DLTHUB_TELEMETRY=false RUNTIME__LOG_LEVEL=CRITICAL
{
  venv/bin/python load.py 2>load.err
  status=0 && venv/bin/python tap.py fails state >messages 2>/dev/null || status=$?
  tail -1 messages | venv/bin/python -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["value"]))' >state
  bookmark=$(venv/bin/python -c 'import json; print(json.load(open("state"))["bookmarks"]["items"]["replication_key_value"])')
  echo "tap, second page failed:   $(summary messages), status $status, bookmark $bookmark"
  status=0 && venv/bin/python tap.py next state >messages 2>/dev/null || status=$?
  echo "tap, next run:             $(summary messages), status $status"
  status=0 && venv/bin/python tap.py comment state >messages 2>/dev/null || status=$?
  echo "tap, comment in the query: $(summary messages), status $status"
} | tee report
cat >expected <<'EOF'
dlt, all pages:            6 items in the table, run succeeded
dlt, second page failed:   2 items in the table, run succeeded
tap, second page failed:   1 2, status 0, bookmark 2026-01-06T00:00:00+00:00
tap, next run:             nothing, status 0
tap, comment in the query: nothing, status 0
EOF
cmp report expected
