#!/usr/bin/env bash
# npm @graphql-hive/gateway-runtime 2.12.1 as a proxy, before a server with npm graphql-yoga 5.24.1.
#
# What a server answers as a GraphQL error, with a message and a code that are meant for the client, the gateway passes on for
# queries and mutations. For subscriptions it masks it: the same error of the same server becomes "Unexpected error." with the
# code INTERNAL_SERVER_ERROR, both when the server refuses the subscription and in a later event. Masking is there for
# errors that are no GraphQL errors; those of a subscription are taken for such, as they were never made to GraphQL errors.
#
# With maskedErrors: false all of them arrive, together with the errors that masking is for.
#
# Why it matters: a client decides by the code: NOT_FOUND means to give up, SERVICE_UNAVAILABLE to subscribe again. Behind the
# gateway, a server that restarts and a session that was deleted look like the same bug.
#
# Seen:
#   query:          There is no such task. NOT_FOUND
#   mutation:       There is no such task. NOT_FOUND
#   subscription:   Unexpected error. INTERNAL_SERVER_ERROR
#   a later event:  Unexpected error. INTERNAL_SERVER_ERROR
#   unmasked:       There is no such task. NOT_FOUND
#   direct:         There is no such task. NOT_FOUND
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . @graphql-hive/gateway-runtime@2.12.1 @graphql-mesh/transport-http@1.2.1 \
  graphql-yoga@5.24.1 graphql-sse@2.6.1 graphql@16.15.0 >/dev/null 2>&1
cat >run.mjs <<'EOF'
import { createServer } from 'node:http'
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime'
import { GraphQLError } from 'graphql'
import { createClient } from 'graphql-sse'
import { createSchema, createYoga } from 'graphql-yoga'

const fail = () => { throw new GraphQLError('There is no such task.', { extensions: { code: 'NOT_FOUND' } }) }
const schema = createSchema({
  typeDefs: `
    type Query { task: String }
    type Mutation { resume: String }
    type Subscription { task: String states: String }
  `,
  resolvers: {
    Query: { task: fail },
    Mutation: { resume: fail },
    Subscription: {
      task: { subscribe: fail },
      states: {
        async *subscribe() { yield 'SEEDING'; yield 'gone' },
        resolve: (state) => (state === 'gone' ? fail() : state),
      },
    },
  },
})
async function served(handler) {
  const server = createServer(handler)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${server.address().port}/graphql`
}
const direct = await served(createYoga({ schema, logging: false }))
const proxy = { endpoint: direct }
const gateway = await served(createGatewayRuntime({ proxy, logging: false }))
const unmasked = await served(createGatewayRuntime({ proxy, logging: false, maskedErrors: false }))

async function show(name, url, query) {
  let last
  for await (const result of createClient({ url }).iterate({ query })) last = result
  const { message, extensions } = last.errors[0]
  console.log(`${(name + ':').padEnd(15)} ${message} ${extensions.code}`)
}
await show('query', gateway, '{ task }')
await show('mutation', gateway, 'mutation { resume }')
await show('subscription', gateway, 'subscription { task }')
await show('a later event', gateway, 'subscription { states }')
await show('unmasked', unmasked, 'subscription { task }')
await show('direct', direct, 'subscription { task }')
process.exit()
EOF
env -i PATH="$PATH" HOME="$work" node run.mjs 2>/dev/null | tee report
cat >expected <<'EOF'
query:          There is no such task. NOT_FOUND
mutation:       There is no such task. NOT_FOUND
subscription:   Unexpected error. INTERNAL_SERVER_ERROR
a later event:  Unexpected error. INTERNAL_SERVER_ERROR
unmasked:       There is no such task. NOT_FOUND
direct:         There is no such task. NOT_FOUND
EOF
cmp report expected
