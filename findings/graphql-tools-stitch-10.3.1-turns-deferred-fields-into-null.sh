#!/usr/bin/env bash
# npm @graphql-tools/stitch 10.3.1 with graphql-yoga 5.24.1 and @graphql-yoga/plugin-defer-stream, before another Yoga.
#
# Both servers have @defer. A gateway that stitches the other one's schema passes the query on with its @defer, the other
# server answers with the first part and the deferred one, and the gateway takes the first part alone. What was deferred it
# sends as null:
#
# - a nullable field is null, without an error. The client cannot tell it from a session that has none.
# - a non-null field fails: "Cannot return null for non-nullable field".
# - where the other server's deferred field failed, its error is lost: null, no errors.
#
# The same query without @defer has all of it. A server may always answer @defer at once, so that a client that adds
# @defer must not get other data.
#
# Why it matters: the large parts of a session (its document, its messages) are what one defers.
#
# Seen:
#   note, without @defer:  {"session":{"id":"s1","note":"ask Ann"}}
#   note, direct:          {"session":{"id":"s1","note":"ask Ann"}}
#   note, stitched:        {"session":{"id":"s1","note":null}}
#   title, stitched:       {"session":{"id":"s1"}} error: Cannot return null for non-nullable field Session.title.
#   broken, direct:        {"session":{"id":"s1","broken":null}} error: unreadable
#   broken, stitched:      {"session":{"id":"s1","broken":null}}
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . @graphql-tools/stitch@10.3.1 @graphql-tools/wrap@11.2.5 \
  @graphql-tools/executor-http@3.4.1 graphql-yoga@5.24.1 @graphql-yoga/plugin-defer-stream@3.24.1 @urql/core@6.0.3 \
  graphql@16.15.0 >/dev/null 2>&1
cat >run.mjs <<'EOF'
import { createServer } from 'node:http'
import { buildHTTPExecutor } from '@graphql-tools/executor-http'
import { stitchSchemas } from '@graphql-tools/stitch'
import { schemaFromExecutor } from '@graphql-tools/wrap'
import { useDeferStream } from '@graphql-yoga/plugin-defer-stream'
import { Client, fetchExchange } from '@urql/core'
import { createSchema, createYoga } from 'graphql-yoga'

const pause = () => new Promise((resolve) => setTimeout(resolve, 50))
const typeDefs = `type Query { session: Session } type Session { id: ID! title: String! note: String broken: String }`
const Session = {
  title: async () => (await pause(), 'Fix CI'),
  note: async () => (await pause(), 'ask Ann'),
  broken: async () => { await pause(); throw new Error('unreadable') },
}
const resolvers = { Query: { session: () => ({ id: 's1' }) }, Session }
async function served(schema) {
  const yoga = createYoga({ schema, plugins: [useDeferStream()], maskedErrors: false, logging: false })
  const server = createServer(yoga)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${server.address().port}/graphql`
}
const direct = await served(createSchema({ typeDefs, resolvers }))
const executor = buildHTTPExecutor({ endpoint: direct })
const stitched = await served(stitchSchemas({ subschemas: [{ schema: await schemaFromExecutor(executor), executor }] }))

async function show(name, url, query) {
  let last
  const client = new Client({ url, exchanges: [fetchExchange], preferGetMethod: false })
  client.query(query, {}).subscribe((result) => (last = result))
  for (let wait = 0; wait < 100 && (!last || last.hasNext); wait++) await pause()
  const error = last.error ? ` error: ${last.error.message.replace('[GraphQL] ', '')}` : ''
  console.log(`${(name + ':').padEnd(22)} ${JSON.stringify(last.data)}${error}`)
}
const deferred = (field) => `{ session { id ... @defer { ${field} } } }`
await show('note, without @defer', stitched, '{ session { id note } }')
await show('note, direct', direct, deferred('note'))
await show('note, stitched', stitched, deferred('note'))
await show('title, stitched', stitched, deferred('title'))
await show('broken, direct', direct, deferred('broken'))
await show('broken, stitched', stitched, deferred('broken'))
process.exit()
EOF
env -i PATH="$PATH" HOME="$work" node run.mjs | tee report
cat >expected <<'EOF'
note, without @defer:  {"session":{"id":"s1","note":"ask Ann"}}
note, direct:          {"session":{"id":"s1","note":"ask Ann"}}
note, stitched:        {"session":{"id":"s1","note":null}}
title, stitched:       {"session":{"id":"s1"}} error: Cannot return null for non-nullable field Session.title.
broken, direct:        {"session":{"id":"s1","broken":null}} error: unreadable
broken, stitched:      {"session":{"id":"s1","broken":null}}
EOF
cmp report expected
