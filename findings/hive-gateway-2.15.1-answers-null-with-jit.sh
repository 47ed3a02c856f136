#!/usr/bin/env bash
# npm @graphql-hive/gateway 2.15.1, with @graphql-mesh/plugin-jit 0.5.1, before a server with npm graphql-yoga 5.24.1.
#
# `hive-gateway proxy` has an option --jit, "Just-In-Time compilation of GraphQL documents". With it, the gateway asks the server
# for its schema and for nothing else: each field of each query is null, and there is no error. A mutation is answered with null as
# well, and is not carried out. The compiled document runs on a schema without resolvers, in place of what would
# send it to the server. Only a field that may not be null gives an error, which does not name the cause.
#
# `hive-gateway supergraph` with --jit answers as without it.
#
# Why it matters: null means that there is nothing. A client shows empty lists, takes objects for deleted and a change for
# refused, and neither it nor the log of the gateway says that something is wrong.
#
# Seen:
#   proxy:
#     a list:      {"data":{"tasks":[{"title":"Write"},{"title":"Read"}]}}
#     a mutation:  {"data":{"rename":{"title":"Sleep"}}}
#     the server heard of 2 operations
#   proxy --jit:
#     a list:      {"data":{"tasks":null}}
#     a mutation:  {"data":{"rename":null}}
#     the server heard of 0 operations
#   supergraph --jit:
#     a list:      {"data":{"tasks":[{"title":"Write"},{"title":"Read"}]}}
#     a mutation:  {"data":{"rename":{"title":"Sleep"}}}
#     the server heard of 2 operations
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . @graphql-hive/gateway@2.15.1 @graphql-mesh/plugin-jit@0.5.1 \
  @theguild/federation-composition@0.27.0 graphql-yoga@5.24.1 graphql@16.15.0 >/dev/null 2>&1
cat >run.mjs <<'EOF'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { composeServices } from '@theguild/federation-composition'
import { parse } from 'graphql'
import { createSchema, createYoga } from 'graphql-yoga'

const typeDefs = `
  type Query { tasks: [Task] }
  type Mutation { rename(id: ID!, title: String!): Task }
  type Task { id: ID! title: String }
`
let heard = 0
const tasks = [{ id: '1', title: 'Write' }, { id: '2', title: 'Read' }]
const resolvers = {
  Query: { tasks: () => (heard++, tasks) },
  Mutation: { rename: (_, { id, title }) => (heard++, { id, title }) },
}
const listening = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)))
const port = await listening(createServer(createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false })))
const server = `http://127.0.0.1:${port}/graphql`
const { supergraphSdl } = composeServices([{ name: 'tasks', url: server, typeDefs: parse(typeDefs) }])
writeFileSync('supergraph.graphql', supergraphSdl)

async function free() {
  const taken = createServer()
  const port = await listening(taken)
  await new Promise((resolve) => taken.close(resolve))
  return port
}
async function ask(url, query) {
  const headers = { 'content-type': 'application/json' }
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) })).text()
}
async function asked(...mode) {
  const port = await free()
  const options = ['--host', '127.0.0.1', '--port', String(port), '--fork', '1']
  const gateway = spawn('node_modules/.bin/hive-gateway', [...mode, ...options], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}/graphql`
  for (let tries = 0; tries < 300; tries++) {
    if ((await ask(url, '{ __typename }').catch(() => '')).includes('Query')) break
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  heard = 0
  console.log(`${mode.filter((part) => !part.includes('graphql')).join(' ')}:`)
  console.log('  a list:     ', await ask(url, '{ tasks { title } }'))
  console.log('  a mutation: ', await ask(url, 'mutation { rename(id: 1, title: "Sleep") { title } }'))
  console.log('  the server heard of', heard, 'operations')
  gateway.kill('SIGKILL')
  await new Promise((resolve) => gateway.on('exit', resolve))
}
await asked('proxy', server)
await asked('proxy', server, '--jit')
await asked('supergraph', 'supergraph.graphql', '--jit')
process.exit()
EOF
env -i PATH="$PATH" HOME="$work" node run.mjs | tee report
cat >expected <<'EOF'
proxy:
  a list:      {"data":{"tasks":[{"title":"Write"},{"title":"Read"}]}}
  a mutation:  {"data":{"rename":{"title":"Sleep"}}}
  the server heard of 2 operations
proxy --jit:
  a list:      {"data":{"tasks":null}}
  a mutation:  {"data":{"rename":null}}
  the server heard of 0 operations
supergraph --jit:
  a list:      {"data":{"tasks":[{"title":"Write"},{"title":"Read"}]}}
  a mutation:  {"data":{"rename":{"title":"Sleep"}}}
  the server heard of 2 operations
EOF
cmp report expected
