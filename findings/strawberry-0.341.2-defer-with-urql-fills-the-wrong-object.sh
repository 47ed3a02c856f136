#!/usr/bin/env bash
# PyPI strawberry-graphql 0.341.2 (graphql-core 3.3.2) with npm @urql/core 6.0.3 and npm @apollo/client 4.3.8.
#
# With enable_experimental_incremental_execution Strawberry answers @defer in today's form (pending, and in each increment an
# id and maybe a subPath), and adds for older clients a path to each increment: the path of the pending fragment, without the
# subPath. An increment with a subPath comes whenever two deferred fragments overlap, since the fields that the first one
# sent are left out of the second.
# - urql prefers path to id and subPath, so it writes the field into the parent object: session.mail instead of
#   session.owner.mail, without an error, and says that the result is complete. Without the added path it merges rightly.
# - Apollo Client with GraphQL17Alpha9Handler, which reads id and subPath, is right. With Defer20220824Handler, for which the
#   path is there, the field goes astray too, and the result never becomes complete.
# - where a deferred fragment fails, the error comes in completed[].errors. urql does not read it: data without the field, no
#   error, hasNext false. Apollo Client's newer handler gives the error.
#
# Why it matters: a server of transcripts defers what is large (message bodies, tool output). A page built with urql then
# shows messages without a body, or fields on the wrong level, and cannot tell.
#
# Seen:
#   urql:            {"session":{"owner":{"name":"Ann"},"mail":"ann@shop"}} error: none, complete: true
#   urql, path cut:  {"session":{"owner":{"name":"Ann","mail":"ann@shop"}}} error: none, complete: true
#   apollo, newer:   {"session":{"owner":{"name":"Ann","mail":"ann@shop"}}} error: none, complete: true
#   apollo, older:   {"session":{"owner":{"name":"Ann"}}} error: none, complete: false
#   urql, failing:   {"session":{"owner":{"name":"Ann"}}} error: none, complete: true
#   apollo, failing: {"session":{"owner":{"name":"Ann"}}} error: no such letter, complete: false
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir client
npm install --silent --no-audit --no-fund --prefix client @urql/core@6.0.3 @apollo/client@4.3.8 graphql@16.15.0 rxjs@7.8.2 >/dev/null
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check strawberry-graphql==0.341.2 graphql-core==3.3.2 starlette==1.10.0 uvicorn==0.54.0
cat >server.py <<'EOF'
import asyncio, socket
import strawberry, uvicorn
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig


@strawberry.type
class Owner:
    @strawberry.field
    async def name(self) -> str:
        return "Ann"

    @strawberry.field
    async def mail(self) -> str:
        await asyncio.sleep(0.3)
        return "ann@shop"

    @strawberry.field
    async def letter(self) -> str:
        await asyncio.sleep(0.3)
        raise ValueError("no such letter")


@strawberry.type
class Session:
    @strawberry.field
    async def owner(self) -> Owner:
        return Owner()


@strawberry.type
class Query:
    @strawberry.field
    async def session(self) -> Session:
        return Session()


schema = strawberry.Schema(Query, config=StrawberryConfig(enable_experimental_incremental_execution=True))
listener = socket.create_server(("127.0.0.1", 0))
with open("port", "w") as file:
    file.write(str(listener.getsockname()[1]))
uvicorn.Server(uvicorn.Config(GraphQL(schema), log_level="critical")).run(sockets=[listener])
EOF
env -i PATH="$PATH" py/bin/python server.py 2>/dev/null & server=$!
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
cat >client/run.mjs <<'EOF'
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client'
import { Defer20220824Handler, GraphQL17Alpha9Handler } from '@apollo/client/incremental'
import { Client, fetchExchange } from '@urql/core'
const url = `http://127.0.0.1:${process.argv[2]}/`
const overlapping = `query { session { ...First @defer ...Second @defer } }
  fragment First on Session { owner { name } } fragment Second on Session { owner { name mail } }`
const failing = 'query { session { owner { name ... @defer { letter } } } }'
const show = (name, data, error, complete) => {
  const plain = JSON.stringify(data, (key, value) => (key === '__typename' ? undefined : value))
  console.log(`${(name + ':').padEnd(16)} ${plain} error: ${error?.message.replace('[GraphQL] ', '') ?? 'none'}, complete: ${complete}`)
}
const pause = () => new Promise((resolve) => setTimeout(resolve, 2000))

// What a server would send that does not add the path: each increment has only its id, subPath and data.
const cut = async (...request) => {
  const response = await fetch(...request)
  const lines = (await response.text()).split('\r\n').filter((line) => !line.startsWith('Content-Length'))
  const parts = lines.map((line) => {
    if (!line.startsWith('{')) return line
    const part = JSON.parse(line)
    for (const increment of part.incremental ?? []) delete increment.path
    return JSON.stringify(part)
  })
  return new Response(parts.join('\r\n'), { headers: response.headers })
}
async function urql(name, query, fetch) {
  let last
  const client = new Client({ url, exchanges: [fetchExchange], preferGetMethod: false, ...(fetch && { fetch }) })
  client.query(query, {}).subscribe((result) => (last = result))
  await pause()
  show(name, last.data, last.error, !last.hasNext)
}
async function apollo(name, query, Handler) {
  let last
  const link = new HttpLink({ uri: url })
  const client = new ApolloClient({ link, cache: new InMemoryCache(), incrementalHandler: new Handler() })
  client.watchQuery({ query: gql(query), errorPolicy: 'all' }).subscribe((result) => (last = result))
  await pause()
  show(name, last.data, last.error, last.dataState === 'complete')
}
await urql('urql', overlapping)
await urql('urql, path cut', overlapping, cut)
await apollo('apollo, newer', overlapping, GraphQL17Alpha9Handler)
await apollo('apollo, older', overlapping, Defer20220824Handler)
await urql('urql, failing', failing)
await apollo('apollo, failing', failing, GraphQL17Alpha9Handler)
process.exit()
EOF
(cd client && env -i PATH="$PATH" HOME="$work" node run.mjs "$(cat ../port)") | tee report
cat >expected <<'EOF'
urql:            {"session":{"owner":{"name":"Ann"},"mail":"ann@shop"}} error: none, complete: true
urql, path cut:  {"session":{"owner":{"name":"Ann","mail":"ann@shop"}}} error: none, complete: true
apollo, newer:   {"session":{"owner":{"name":"Ann","mail":"ann@shop"}}} error: none, complete: true
apollo, older:   {"session":{"owner":{"name":"Ann"}}} error: none, complete: false
urql, failing:   {"session":{"owner":{"name":"Ann"}}} error: none, complete: true
apollo, failing: {"session":{"owner":{"name":"Ann"}}} error: no such letter, complete: false
EOF
cmp report expected
