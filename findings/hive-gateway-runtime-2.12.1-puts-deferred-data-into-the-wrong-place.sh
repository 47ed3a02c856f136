#!/usr/bin/env bash
# npm @graphql-hive/gateway-runtime 2.12.1 with @graphql-tools/executor-http 3.4.1, before a server with npm graphql 17.1.0.
#
# GraphQL.js 17 answers @defer and @stream in the form that the specification now has: `pending` names an id and a path, and
# each increment has the id, and maybe a subPath. The executor that Hive Gateway (and anything else of GraphQL Tools: Mesh,
# stitching, the loaders) reads these answers with knows the older form alone, in which an increment has its own path. An
# increment without one is merged into the root of the data:
#
# - what a deferred fragment of a session has is put beside the session, not into it.
# - of a streamed list only the beginning is there; the last item's fields are put beside it.
# - an error of a deferred fragment is lost: data without the field, and no errors.
#
# The gateway reports no error in any of these cases, and its last part is what a client shows.
#
# Why it matters: a server of transcripts defers what is large and streams messages. Behind this gateway, sessions have no
# messages, and an object of the same name at the root gets fields of another one in a client's cache.
#
# Seen:
#   defer, direct:   {"session":{"id":"s1","title":"Fix CI"}}
#   defer, gateway:  {"session":{"id":"s1"},"title":"Fix CI"}
#   stream, direct:  {"session":{"messages":[{"text":"one"},{"text":"two"},{"text":"three"}]}}
#   stream, gateway: {"session":{"messages":[{"text":"one"}]},"text":"three"}
#   error, direct:   {"session":{"id":"s1"}} error: unreadable
#   error, gateway:  {"session":{"id":"s1"}}
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir upstream gateway client
npm install --silent --no-audit --no-fund --prefix upstream graphql@17.1.0 >/dev/null 2>&1
npm install --silent --no-audit --no-fund --prefix gateway @graphql-hive/gateway-runtime@2.12.1 @graphql-tools/executor-http@3.4.1 @graphql-mesh/transport-http@1.2.1 graphql@16.15.0 >/dev/null 2>&1
npm install --silent --no-audit --no-fund --prefix client @apollo/client@4.3.8 graphql@16.15.0 rxjs@7.8.2 >/dev/null 2>&1
cat >upstream/server.mjs <<'EOF'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import * as graphql from 'graphql'
const { GraphQLNonNull, GraphQLList, GraphQLString, GraphQLObjectType } = graphql
const text = (resolve) => ({ type: new GraphQLNonNull(GraphQLString), ...(resolve && { resolve }) })
const pause = () => new Promise((resolve) => setTimeout(resolve, 50))
const Message = new GraphQLObjectType({ name: 'Message', fields: { text: text() } })
const Session = new GraphQLObjectType({
  name: 'Session',
  fields: {
    id: text(() => 's1'),
    title: text(async () => (await pause(), 'Fix CI')),
    document: text(async () => { await pause(); throw new Error('unreadable') }),
    messages: {
      type: new GraphQLList(Message),
      async *resolve() { for (const text of ['one', 'two', 'three']) { await pause(); yield { text } } },
    },
  },
})
const Query = new GraphQLObjectType({ name: 'Query', fields: { session: { type: Session, resolve: () => ({}) } } })
const directives = [...graphql.specifiedDirectives, graphql.GraphQLDeferDirective, graphql.GraphQLStreamDirective]
const schema = new graphql.GraphQLSchema({ query: Query, directives })
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const result = await graphql.experimentalExecuteIncrementally({ schema, document: graphql.parse(JSON.parse(body).query) })
  if (!('initialResult' in result)) {
    response.setHeader('content-type', 'application/json')
    return response.end(JSON.stringify(result))
  }
  response.setHeader('content-type', 'multipart/mixed; boundary="-"')
  const part = (value) => response.write(`\r\n---\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${JSON.stringify(value)}`)
  part(result.initialResult)
  for await (const value of result.subsequentResults) part(value)
  response.end('\r\n-----\r\n')
})
server.listen(0, '127.0.0.1', () => writeFileSync(process.argv[2], String(server.address().port)))
EOF
cat >gateway/gateway.mjs <<'EOF'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime'
const endpoint = `http://127.0.0.1:${process.argv[2]}/graphql`
const gateway = createGatewayRuntime({ proxy: { endpoint }, deferStream: true, maskedErrors: false, logging: false })
const server = createServer(gateway)
server.listen(0, '127.0.0.1', () => writeFileSync(process.argv[3], String(server.address().port)))
EOF
cat >client/run.mjs <<'EOF'
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client'
import { GraphQL17Alpha9Handler } from '@apollo/client/incremental'
const queries = {
  defer: '{ session { id ... @defer { title } } }',
  stream: '{ session { messages @stream(initialCount: 1) { text } } }',
  error: '{ session { id ... @defer { document } } }',
}
for (const [name, query] of Object.entries(queries)) {
  for (const [place, port] of [['direct', process.argv[2]], ['gateway', process.argv[3]]]) {
    let sent, last
    // What is sent at the end; Apollo Client would show of it what the query asks for.
    const fetch = async (...request) => {
      const response = await globalThis.fetch(...request)
      const [read, shown] = response.body.tee()
      new Response(shown).text().then((text) => (sent = text.split('\r\n').filter((line) => line.startsWith('{')).map(JSON.parse)))
      return new Response(read, { headers: response.headers })
    }
    const link = new HttpLink({ uri: `http://127.0.0.1:${port}/graphql`, fetch })
    const client = new ApolloClient({ link, cache: new InMemoryCache({ addTypename: false }), incrementalHandler: new GraphQL17Alpha9Handler() })
    client.watchQuery({ query: gql(query), errorPolicy: 'all', fetchPolicy: 'no-cache' }).subscribe((result) => (last = result))
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const { data, errors } = place === 'gateway' ? sent.at(-1) : { data: last.data, errors: last.error?.errors }
    const plain = JSON.stringify(data, (key, value) => (key === '__typename' ? undefined : value))
    console.log(`${(name + ', ' + place + ':').padEnd(16)} ${plain}${errors ? ` error: ${errors[0].message}` : ''}`)
  }
}
process.exit()
EOF
await() { for _ in $(seq 100); do [ -s "$1" ] && return; sleep 0.1; done; }
env -i PATH="$PATH" HOME="$work" node upstream/server.mjs "$work/port" 2>/dev/null & server=$!
await port
env -i PATH="$PATH" HOME="$work" node gateway/gateway.mjs "$(cat port)" "$work/gate" >/dev/null 2>&1 & server="$server $!"
await gate
env -i PATH="$PATH" HOME="$work" node client/run.mjs "$(cat port)" "$(cat gate)" | tee report
cat >expected <<'EOF'
defer, direct:   {"session":{"id":"s1","title":"Fix CI"}}
defer, gateway:  {"session":{"id":"s1"},"title":"Fix CI"}
stream, direct:  {"session":{"messages":[{"text":"one"},{"text":"two"},{"text":"three"}]}}
stream, gateway: {"session":{"messages":[{"text":"one"}]},"text":"three"}
error, direct:   {"session":{"id":"s1"}} error: unreadable
error, gateway:  {"session":{"id":"s1"}}
EOF
cmp report expected
