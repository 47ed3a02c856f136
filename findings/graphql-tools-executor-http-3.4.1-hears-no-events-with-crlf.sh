#!/usr/bin/env bash
# npm @graphql-tools/executor-http 3.4.1, before a server with PyPI sse-starlette 3.7.0.
#
# Lines of server-sent events end with CRLF, LF or CR (https://html.spec.whatwg.org/multipage/server-sent-events.html).
# sse-starlette ends them with CRLF, if it is not told otherwise. The executor, by which Hive Gateway, GraphQL Mesh and
# stitched schemas subscribe, looks for two LF. It finds none, so that it keeps all events in memory, gives none to the
# subscriber, and takes the end of the response for the end of the subscription: no result, no error.
#
# graphql-sse has all results from the same response.
#
# Why it matters: a page behind such a gateway waits for the state of a resume, or for new messages, that the server has sent.
#
# Seen:
#   graphql-sse, LF:     1 2 3 complete
#   graphql-sse, CRLF:   1 2 3 complete
#   executor-http, LF:   1 2 3 complete
#   executor-http, CRLF: complete
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir client
npm install --silent --no-audit --no-fund --prefix client @graphql-tools/executor-http@3.4.1 graphql-sse@2.6.1 graphql@16.15.0 >/dev/null 2>&1
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check sse-starlette==3.7.0 starlette==1.10.0 uvicorn==0.54.0 graphql-core==3.2.14 2>/dev/null
cat >server.py <<'EOF'
import asyncio, json, socket
import uvicorn
from graphql import GraphQLField, GraphQLInt, GraphQLObjectType, GraphQLSchema, parse, subscribe
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.routing import Route


async def counted(*_):
    for count in (1, 2, 3):
        await asyncio.sleep(0.05)
        yield {"count": count}


query = GraphQLObjectType("Query", {"ready": GraphQLField(GraphQLInt)})
subscription = GraphQLObjectType("Subscription", {"count": GraphQLField(GraphQLInt, subscribe=counted)})
schema = GraphQLSchema(query, subscription=subscription)


async def answer(request):
    text = request.query_params.get("query") or (await request.json())["query"]

    async def events():
        async for result in await subscribe(schema, parse(text)):
            yield {"event": "next", "data": json.dumps(result.formatted)}
        yield {"event": "complete", "data": ""}

    lines = {"sep": "\n"} if request.url.path == "/LF" else {}
    return EventSourceResponse(events(), **lines)


app = Starlette(routes=[Route(path, answer, methods=["GET", "POST"]) for path in ("/LF", "/CRLF")])
listener = socket.create_server(("127.0.0.1", 0))
with open("port", "w") as file:
    file.write(str(listener.getsockname()[1]))
uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listener])
EOF
env -i PATH="$PATH" py/bin/python server.py 2>/dev/null & server=$!
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
cat >client/run.mjs <<'EOF'
import { buildHTTPExecutor } from '@graphql-tools/executor-http'
import { parse } from 'graphql'
import { createClient } from 'graphql-sse'
const query = 'subscription { count }'
const clients = {
  'graphql-sse': (url) => createClient({ url }).iterate({ query }),
  'executor-http': (endpoint) => buildHTTPExecutor({ endpoint })({ document: parse(query) }),
}
for (const [name, subscribed] of Object.entries(clients)) {
  for (const lines of ['LF', 'CRLF']) {
    const results = []
    for await (const { data, errors } of await subscribed(`http://127.0.0.1:${process.argv[2]}/${lines}`)) {
      results.push(errors?.[0].message ?? data.count)
    }
    console.log(`${`${name}, ${lines}:`.padEnd(20)} ${[...results, 'complete'].join(' ')}`)
  }
}
process.exit()
EOF
env -i PATH="$PATH" HOME="$work" node client/run.mjs "$(cat port)" | tee report
cat >expected <<'EOF'
graphql-sse, LF:     1 2 3 complete
graphql-sse, CRLF:   1 2 3 complete
executor-http, LF:   1 2 3 complete
executor-http, CRLF: complete
EOF
cmp report expected
