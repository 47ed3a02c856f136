#!/usr/bin/env bash
# npm @graphql-tools/executor-http 3.4.1, before a server with npm graphql-yoga 5.24.1.
#
# With the option `retry`, the executor sends an operation again after each answer that has a GraphQL error, also with status 200
# and with data. A mutation that was carried out, and whose result has a field that failed, is sent up to that number of times
# and carried out each time. The caller gets the last answer, which looks like that of a single attempt. A stitched schema passes
# its mutations on in the same way.
#
# Hive Gateway has an option of its own (upstreamRetry), with which the same mutation is sent once.
#
# Why it matters: what a mutation creates, sends or pays is created, sent or paid several times, because a field that was to be
# shown afterwards could not be read. The option is set to survive failures of the network.
#
# Seen:
#   without:                     {"note":{"text":"A","preview":null}} "No preview."; notes on the server: A
#   retry: 3:                    {"note":{"text":"A","preview":null}} "No preview."; notes on the server: A A A
#   retry: 3, stitched:          {"note":{"text":"A","preview":null}} "No preview."; notes on the server: A A A
#   retry: 3, no failed field:   {"note":{"text":"A"}}; notes on the server: A
#   Hive Gateway, maxRetries: 3: {"note":{"text":"A","preview":null}} "No preview."; notes on the server: A
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . @graphql-tools/executor-http@3.4.1 @graphql-tools/wrap@11.2.5 \
  @graphql-hive/gateway-runtime@2.12.1 @graphql-mesh/transport-http@1.2.1 graphql-yoga@5.24.1 graphql@16.15.0 >/dev/null 2>&1
cat >run.mjs <<'EOF'
import { createServer } from 'node:http'
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime'
import { buildHTTPExecutor } from '@graphql-tools/executor-http'
import { wrapSchema } from '@graphql-tools/wrap'
import { execute, GraphQLError, parse } from 'graphql'
import { createSchema, createYoga } from 'graphql-yoga'

let notes = []
const schema = createSchema({
  typeDefs: `
    type Query { notes: [String!] }
    type Mutation { note(text: String!): Note }
    type Note { text: String preview: String }
  `,
  resolvers: {
    Query: { notes: () => notes },
    Mutation: { note: (_, { text }) => (notes.push(text), { text }) },
    Note: { preview: () => { throw new GraphQLError('No preview.') } },
  },
})
async function served(handler) {
  const server = createServer(handler)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${server.address().port}/graphql`
}
const direct = await served(createYoga({ schema, logging: false }))
const proxy = { endpoint: direct }
const gateway = await served(createGatewayRuntime({ proxy, logging: false, upstreamRetry: { maxRetries: 3, retryDelay: 10 } }))

const mutation = 'mutation { note(text: "A") { text preview } }'
async function show(name, ask, query = mutation) {
  notes = []
  const { data, errors = [] } = await ask(parse(query))
  const told = errors.map(({ message }) => ` "${message}"`).join('')
  console.log(`${name}:`.padEnd(29) + `${JSON.stringify(data)}${told}; notes on the server: ${notes.join(' ')}`)
}
const by = (executor) => (document) => executor({ document })
const retrying = buildHTTPExecutor({ endpoint: direct, retry: 3 })
const stitched = wrapSchema({ schema, executor: retrying })
await show('without', by(buildHTTPExecutor({ endpoint: direct })))
await show('retry: 3', by(retrying))
await show('retry: 3, stitched', (document) => execute({ schema: stitched, document }))
await show('retry: 3, no failed field', by(retrying), 'mutation { note(text: "A") { text } }')
await show('Hive Gateway, maxRetries: 3', by(buildHTTPExecutor({ endpoint: gateway })))
process.exit()
EOF
env -i PATH="$PATH" HOME="$work" node run.mjs 2>/dev/null | tee report
cat >expected <<'EOF'
without:                     {"note":{"text":"A","preview":null}} "No preview."; notes on the server: A
retry: 3:                    {"note":{"text":"A","preview":null}} "No preview."; notes on the server: A A A
retry: 3, stitched:          {"note":{"text":"A","preview":null}} "No preview."; notes on the server: A A A
retry: 3, no failed field:   {"note":{"text":"A"}}; notes on the server: A
Hive Gateway, maxRetries: 3: {"note":{"text":"A","preview":null}} "No preview."; notes on the server: A
EOF
cmp report expected
