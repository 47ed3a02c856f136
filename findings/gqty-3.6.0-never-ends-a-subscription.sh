#!/usr/bin/env bash
# npm gqty 3.6.0 with npm graphql-ws 6.4.2 on both sides.
#
# `client.subscribe` is an asynchronous iterator, which its users loop over with `for await`. When the server completes the
# subscription, graphql-ws tells gqty so, and its own iterator ends. That of gqty does not: the loop waits for ever after the
# last result, without an error. What stands after the loop is never run.
#
# Why it matters: a subscription to the progress of a job ends with the job, as that of a resumed session does. A page that
# waits for the end shows "loading" for ever; a script hangs, and nothing tells it from a job that takes long.
#
# Seen:
#   graphql-ws: 1 2 3 ended
#   gqty:       1 2 3 not ended within 5 s, server complete: true
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --legacy-peer-deps --prefix . gqty@3.6.0 graphql-ws@6.4.2 graphql@16.15.0 ws@8.23.0 >/dev/null 2>&1
cat >run.mjs <<'EOF'
import { createServer } from 'node:http'
import { Cache, createClient } from 'gqty'
import { buildSchema } from 'graphql'
import { createClient as connected } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import WebSocket, { WebSocketServer } from 'ws'

const schema = buildSchema('type Query { ready: Int } type Subscription { count: Int }')
schema.getSubscriptionType().getFields().count.subscribe = async function* () {
  for (const count of [1, 2, 3]) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    yield { count }
  }
}
const server = createServer()
let completed = 0
useServer({ schema, onComplete: () => void completed++ }, new WebSocketServer({ server, path: '/' }))
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const socket = connected({ url: `ws://127.0.0.1:${server.address().port}/`, webSocketImpl: WebSocket })

const plain = []
for await (const { data } of socket.iterate({ query: 'subscription { count }' })) plain.push(data.count)
console.log('graphql-ws:', ...plain, 'ended')

const type = (fields) => ({ __typename: { __type: 'String!' }, ...fields })
const client = createClient({
  schema: { query: type({ ready: { __type: 'Int' } }), mutation: type({}), subscription: type({ count: { __type: 'Int' } }) },
  scalars: { Int: true, String: true },
  cache: new Cache(),
  fetchOptions: { fetcher: async () => ({ data: {} }), subscriber: socket },
})
const counts = []
async function looped() {
  for await (const count of client.subscribe(({ subscription }) => subscription.count)) counts.push(count)
  return 'ended'
}
const late = new Promise((resolve) => setTimeout(resolve, 5000, 'not ended within 5 s'))
const end = await Promise.race([looped(), late])
console.log('gqty:      ', ...counts, `${end}, server complete: ${completed === 2}`)
process.exit()
EOF
env -i PATH="$PATH" HOME="$work" node run.mjs | tee report
cat >expected <<'EOF'
graphql-ws: 1 2 3 ended
gqty:       1 2 3 not ended within 5 s, server complete: true
EOF
cmp report expected
