#!/usr/bin/env bash
# npm @graphql-tools/executor-graphql-ws 3.2.0, alone and in @graphql-tools/wrap 11.2.5, @graphql-tools/executor-apollo-link 2.0.14
# and @graphql-tools/executor-urql-exchange 1.0.36, before a server with npm graphql-ws 6.4.2.
#
# By the protocol graphql-transport-ws, a server refuses an operation by a message "error" with a list of GraphQL errors. An
# executor's result is an ExecutionResult, so this should become {errors}, as executor-http makes it of the same refusal. The
# executor for websockets rejects with the bare list instead, which is no Error and has no message. What uses it goes on with that:
#
# - In a wrapped or stitched schema, a query's error has a printed list for a message, and no code. A subscription throws a list.
# - Apollo Client gives "An error of unexpected shape occurred."
# - urql gives nothing at all, and the rejection is unhandled, which ends a Node.js process.
#
# Why it matters: servers refuse this way whom they do not know, what costs too much, and what is not valid. A person is not told
# to log in again, and a program that looks at the code sees none.
#
# Seen:
#   http:
#     stitched, a query: Log in first. UNAUTHENTICATED
#     stitched:          Log in first. UNAUTHENTICATED
#     apollo:            Log in first. UNAUTHENTICATED
#     urql:              Log in first. UNAUTHENTICATED
#   websockets:
#     stitched, a query: Unexpected error value: [{ message: "Log in first.", extensions: [Object] }] no code
#     stitched:          throws a list, which is no Error
#     apollo:            An error of unexpected shape occurred. no code
#     urql:              no result, unhandled rejections: 1
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . @graphql-tools/executor-graphql-ws@3.2.0 @graphql-tools/executor-http@3.4.1 \
  @graphql-tools/wrap@11.2.5 @graphql-tools/executor-apollo-link@2.0.14 @graphql-tools/executor-urql-exchange@1.0.36 \
  @apollo/client@4.3.8 @urql/core@6.0.3 rxjs@7.8.2 graphql-yoga@5.24.1 graphql-ws@6.4.2 graphql@16.15.0 ws@8.23.0 >/dev/null 2>&1
cat >run.mjs <<'EOF'
import { createServer } from 'node:http'
import { ApolloClient, gql, InMemoryCache } from '@apollo/client'
import { ExecutorLink } from '@graphql-tools/executor-apollo-link'
import { buildGraphQLWSExecutor } from '@graphql-tools/executor-graphql-ws'
import { buildHTTPExecutor } from '@graphql-tools/executor-http'
import { executorExchange } from '@graphql-tools/executor-urql-exchange'
import { wrapSchema } from '@graphql-tools/wrap'
import { Client } from '@urql/core'
import { execute, GraphQLError, parse, subscribe } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { createSchema, createYoga } from 'graphql-yoga'
import { WebSocketServer } from 'ws'

// A server that refuses all operations, by websockets and by HTTP.
const errors = [new GraphQLError('Log in first.', { extensions: { code: 'UNAUTHENTICATED' } })]
const schema = createSchema({ typeDefs: 'type Query { now: Int } type Subscription { progress: Int }' })
const refuse = ({ setResultAndStopExecution }) => setResultAndStopExecution({ errors })
const server = createServer(createYoga({ schema, plugins: [{ onExecute: refuse, onSubscribe: refuse }], logging: false }))
useServer({ schema, onSubscribe: () => errors }, new WebSocketServer({ server, path: '/graphql' }))
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `127.0.0.1:${server.address().port}/graphql`

let unhandled = 0
process.on('unhandledRejection', () => unhandled++)
const subscription = 'subscription { progress }'
const told = (errors) => (errors?.length ? `${errors[0].message} ${errors[0].extensions?.code ?? 'no code'}` : 'no error')

const clients = {
  async 'stitched, a query'(executor) {
    const wrapped = wrapSchema({ schema, executor })
    return told((await execute({ schema: wrapped, document: parse('{ now }') })).errors)
  },
  async stitched(executor) {
    try {
      const result = await subscribe({ schema: wrapSchema({ schema, executor }), document: parse(subscription) })
      return told((Symbol.asyncIterator in result ? (await result.next()).value : result).errors)
    } catch (error) {
      return `throws ${Array.isArray(error) ? 'a list, which is no Error' : told([error])}`
    }
  },
  apollo(executor) {
    const client = new ApolloClient({ link: new ExecutorLink(executor), cache: new InMemoryCache() })
    const events = client.subscribe({ query: gql(subscription) })
    const named = (error) => told(error && (error.errors ?? [error]))
    return new Promise((resolve) => events.subscribe({ next: ({ error }) => resolve(named(error)), error: (error) => resolve(named(error)) }))
  },
  urql(executor) {
    const client = new Client({ url: `http://${url}`, exchanges: [executorExchange(executor)], preferGetMethod: false })
    return new Promise((resolve) => {
      client.subscription(subscription, {}).subscribe(({ error }) => resolve(told(error?.graphQLErrors)))
      setTimeout(() => resolve(`no result, unhandled rejections: ${unhandled}`), 2000)
    })
  },
}
const executors = { http: buildHTTPExecutor({ endpoint: `http://${url}` }), websockets: buildGraphQLWSExecutor({ url: `ws://${url}` }) }
for (const [transport, executor] of Object.entries(executors)) {
  console.log(`${transport}:`)
  for (const [name, asked] of Object.entries(clients)) console.log(`  ${(name + ':').padEnd(18)} ${await asked(executor)}`)
}
process.exit()
EOF
env -i PATH="$PATH" HOME="$work" node run.mjs | tee report
cat >expected <<'EOF'
http:
  stitched, a query: Log in first. UNAUTHENTICATED
  stitched:          Log in first. UNAUTHENTICATED
  apollo:            Log in first. UNAUTHENTICATED
  urql:              Log in first. UNAUTHENTICATED
websockets:
  stitched, a query: Unexpected error value: [{ message: "Log in first.", extensions: [Object] }] no code
  stitched:          throws a list, which is no Error
  apollo:            An error of unexpected shape occurred. no code
  urql:              no result, unhandled rejections: 1
EOF
cmp report expected
