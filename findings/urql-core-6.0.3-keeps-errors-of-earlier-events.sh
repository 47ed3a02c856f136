#!/usr/bin/env bash
# npm @urql/core 6.0.3, before a server with npm graphql-yoga 5.24.1 and graphql-ws 6.4.2.
#
# Each event of a subscription is a result of its own. urql treats it as a patch of the event before:
#
# - An error of one event is in all results after it, until another error takes its place.
# - For an event whose data is null, it shows the data of the event before.
# - At the end, the last result comes once more, with that error.
#
# That is so by websockets, with the subscriptionExchange as urql's documentation sets it up, and with fetchSubscriptions.
# graphql-ws, which receives the events for the first, and Apollo Client have each event as it was sent.
#
# Why it matters: urql's documentation has components show an error in place of the data. A list that follows
# a subscription shows an error for good once a single field of a single event failed. Where null
# means that something is gone, the old state stays, as if it had been sent again.
#
# Seen (task 2 fails in a field that may be null, task 4 in one that may not):
#   sent:            1 A, 2 null "No note.", 3 A, null "No state.", 5 A
#   apollo:          1 A, 2 null "No note.", 3 A, null "No state.", 5 A
#   urql, websocket: 1 A, 2 null "No note.", 3 A "No note.", 3 A "No state.", 5 A "No state.", 5 A "No state."
#   urql, fetch:     1 A, 2 null "No note.", 3 A "No note.", 3 A "No state.", 5 A "No state.", 5 A "No state."
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . @urql/core@6.0.3 @apollo/client@4.3.8 rxjs@7.8.2 graphql-ws@6.4.2 graphql-yoga@5.24.1 \
  graphql@16.15.0 ws@8.23.0 >/dev/null 2>&1
cat >run.mjs <<'EOF'
import { createServer } from 'node:http'
import { ApolloClient, gql, InMemoryCache } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { Client, fetchExchange, subscriptionExchange } from '@urql/core'
import { GraphQLError } from 'graphql'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { createSchema, createYoga } from 'graphql-yoga'
import WebSocket, { WebSocketServer } from 'ws'

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time))
const fail = (message) => { throw new GraphQLError(message) }
async function* tasks() {
  for (const id of [1, 2, 3, 4, 5]) {
    yield { task: { id } }
    await pause(50)
  }
}
const schema = createSchema({
  typeDefs: 'type Query { now: Int } type Subscription { task: Task! } type Task { id: Int! note: String state: String! }',
  resolvers: {
    Subscription: { task: { subscribe: tasks } },
    Task: {
      note: ({ id }) => (id === 2 ? fail('No note.') : 'A'),
      state: ({ id }) => (id === 4 ? fail('No state.') : 'READY'),
    },
  },
})
const server = createServer(createYoga({ schema, logging: false }))
useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }))
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}/graphql`

const query = 'subscription { task { id note state } }'
const socket = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket })
const forwardSubscription = ({ query, variables }) => ({
  subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
})
const plain = ({ data, error, errors }) => {
  const told = (error?.graphQLErrors ?? error?.errors ?? errors)?.map(({ message }) => ` "${message}"`).join('') ?? ''
  return (data ? `${data.task.id} ${data.task.note}` : 'null') + told
}
async function shown(name, results) {
  const seen = []
  results((result) => seen.push(plain(result)))
  await pause(1500)
  console.log(`${name}:`.padEnd(16), seen.join(', '))
}
const urql = (options) => (next) => new Client({ url, preferGetMethod: false, ...options }).subscription(query, {}).subscribe(next)
await shown('sent', (next) => socket.subscribe({ query }, { next, error: next, complete: () => {} }))
await shown('apollo', (next) => {
  const client = new ApolloClient({ link: new GraphQLWsLink(socket), cache: new InMemoryCache() })
  client.subscribe({ query: gql(query), errorPolicy: 'all' }).subscribe(next)
})
await shown('urql, websocket', urql({ exchanges: [subscriptionExchange({ forwardSubscription })] }))
await shown('urql, fetch', urql({ exchanges: [fetchExchange], fetchSubscriptions: true }))
process.exit()
EOF
env -i PATH="$PATH" HOME="$work" node run.mjs | tee report
cat >expected <<'EOF'
sent:            1 A, 2 null "No note.", 3 A, null "No state.", 5 A
apollo:          1 A, 2 null "No note.", 3 A, null "No state.", 5 A
urql, websocket: 1 A, 2 null "No note.", 3 A "No note.", 3 A "No state.", 5 A "No state.", 5 A "No state."
urql, fetch:     1 A, 2 null "No note.", 3 A "No note.", 3 A "No state.", 5 A "No state.", 5 A "No state."
EOF
cmp report expected
