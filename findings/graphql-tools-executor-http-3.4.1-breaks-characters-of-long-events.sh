#!/usr/bin/env bash
# npm @graphql-tools/executor-http 3.4.1, alone and in @graphql-tools/wrap 11.2.5, before a server with npm graphql-yoga 5.24.1.
#
# The executor reads server-sent events piece by piece, and decodes each piece for itself. Where a piece ends within a character of
# several bytes, both halves become U+FFFD. The text of the event is still valid JSON, so there is no error: a gateway or
# a stitched schema passes the broken text on as data. Pieces end where the network happens to cut: an event of some tens of KiB
# or more comes in several, and each cut falls within a character with a chance of two in three where all characters have three
# bytes, as in Chinese and Japanese. Short events come in one piece and are not hit.
#
# Queries are not hit, nor is graphql-sse, which reads the same events.
#
# Why it matters: what is broken is silently stored or shown as what somebody wrote, here or there, differently each time.
#
# Seen (the number of U+FFFD differs from run to run):
#   a query:               whole
#   graphql-sse:           whole
#   executor-http:         broken, 20 of U+FFFD in 200012 characters
#   in a stitched schema:  broken, 15 of U+FFFD in 200009 characters
#   an event of one piece: whole
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . @graphql-tools/executor-http@3.4.1 @graphql-tools/wrap@11.2.5 graphql-sse@2.6.1 \
  graphql-yoga@5.24.1 graphql@16.15.0 >/dev/null 2>&1
cat >run.mjs <<'EOF'
import { createServer } from 'node:http'
import { buildHTTPExecutor } from '@graphql-tools/executor-http'
import { wrapSchema } from '@graphql-tools/wrap'
import { parse, subscribe } from 'graphql'
import { createClient } from 'graphql-sse'
import { createSchema, createYoga } from 'graphql-yoga'

const text = '記事'.repeat(100_000)
const note = (_, { length }) => text.slice(0, length)
async function* notes(_, { length }) {
  yield { note: note(_, { length }) }
}
const schema = createSchema({
  typeDefs: 'type Query { note(length: Int!): String } type Subscription { note(length: Int!): String }',
  resolvers: { Query: { note }, Subscription: { note: { subscribe: notes } } },
})
const server = createServer(createYoga({ schema, logging: false }))
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}/graphql`

const executor = buildHTTPExecutor({ endpoint: url })
const long = `subscription { note(length: ${text.length}) }`
const state = (received, sent) => {
  const broken = received.match(/\ufffd/g)?.length ?? 0
  if (received === sent) return 'whole'
  return process.argv.includes('--numbers') ? `broken, ${broken} of U+FFFD in ${received.length} characters` : broken ? 'broken' : 'other'
}
const show = (name, received, sent = text) => console.log(`${name}:`.padEnd(23) + state(received, sent))
async function first(results) {
  for await (const { data } of results) return data.note
}
show('a query', (await executor({ document: parse(`{ note(length: ${text.length}) }`) })).data.note)
show('graphql-sse', await first(createClient({ url }).iterate({ query: long })))
show('executor-http', await first(await executor({ document: parse(long) })))
show('in a stitched schema', await first(await subscribe({ schema: wrapSchema({ schema, executor }), document: parse(long) })))
show('an event of one piece', await first(await executor({ document: parse('subscription { note(length: 100) }') })), text.slice(0, 100))
process.exit()
EOF
env -i PATH="$PATH" HOME="$work" node run.mjs --numbers
env -i PATH="$PATH" HOME="$work" node run.mjs >report
cat >expected <<'EOF'
a query:               whole
graphql-sse:           whole
executor-http:         broken
in a stitched schema:  broken
an event of one piece: whole
EOF
cmp report expected
