#!/usr/bin/env bash
# npm @isograph/react 0.3.1 and @isograph/compiler 0.3.1, before a server with npm graphql-yoga 5.24.1.
#
# A custom scalar may be any JSON value, and Isograph's page about its runtime says that it takes such answers. A value that is an
# object, or a list of objects, is refused by the store when the answer has come. Of a field that is paged by
# useConnectionSpecPagination, nobody hears of it: the hook goes on to return "Pending", which the page about pagination shows as
# "Loading...", for ever. The same is true of a page that the server answers with an error, and of one that never reaches it. The
# hook would throw the error, but nothing renders it again: it waits for a change of the store, and a failed request makes none.
# When the component is rendered for another reason, the error comes, however late.
#
# Why it matters: inputs of tools, settings and metadata are objects in a scalar JSON. A list that has one never shows, without a
# word in the page or the console; and a page that failed offers no way to try again.
#
# Seen:
#   inputs that are texts:   Complete, 2 results
#   inputs that are objects: Pending, 0 results; requests: 1; errors: none
#     rendered again:        Unexpected object array when normalizing scalar
#   an error of the server:  Pending, 0 results; requests: 1; errors: none
#     rendered again:        GraphQL network response had errors
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . @isograph/react@0.3.1 @isograph/compiler@0.3.1 react@19.2.0 react-dom@19.2.0 \
  esbuild@0.28.2 happy-dom@20.0.11 graphql-yoga@5.24.1 graphql@16.15.0 >/dev/null 2>&1
mkdir src
cat >schema.graphql <<'EOF'
scalar JSON
interface Node { id: ID! }
type Query { session(id: ID!): Session node(id: ID!): Node }
type Session implements Node { id: ID! calls(first: Int, after: String): CallConnection }
type CallConnection { edges: [CallEdge!]! pageInfo: PageInfo! }
type CallEdge { node: Call! }
type Call implements Node { id: ID! input: JSON }
type PageInfo { hasNextPage: Boolean! endCursor: String }
EOF
cat >isograph.config.json <<'EOF'
{"project_root": "./src", "artifact_directory": "./src", "schema": "./schema.graphql", "options": {"no_babel_transform": true}}
EOF
cat >src/session.tsx <<'EOF'
import { useConnectionSpecPagination } from '@isograph/react'
import { iso } from './__isograph/iso'

export const Shown = iso(`
  field Query.Shown($id: ID!) @component {
    session(id: $id) { id, Calls @loadable }
  }
`)(({ data }) => {
  const pages = useConnectionSpecPagination(data.session.Calls)
  globalThis.pages = pages
  return null
})
export const Calls = iso(`
  field Session.Calls($first: Int, $after: String) {
    calls(first: $first, after: $after) { edges { node { id, input } }, pageInfo { hasNextPage, endCursor } }
  }
`)(({ data }) => data.calls)
iso(`entrypoint Query.Shown`)
EOF
cat >src/run.tsx <<'EOF'
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { createIsographEnvironment, createIsographStore, IsographEnvironmentProvider, useLazyReference, useResult } from '@isograph/react'
import { GraphQLError } from 'graphql'
import { createSchema, createYoga } from 'graphql-yoga'
import { Window } from 'happy-dom'
import { Component, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import entrypoint from './__isograph/Query/Shown/entrypoint'

const inputs = { texts: ['ls', 'pwd'], objects: [{ command: 'ls' }, { command: 'pwd' }] }
const page = ({ id }) => {
  if (!inputs[id]) throw new GraphQLError('The session cannot be read.')
  const edges = inputs[id].map((input, index) => ({ node: { __typename: 'Call', id: `${id}:${index}`, input } }))
  return { edges, pageInfo: { hasNextPage: false, endCursor: '2' } }
}
const found = (_, { id }) => ({ __typename: 'Session', id })
const typeDefs = readFileSync('schema.graphql', 'utf8')
const schema = createSchema({ typeDefs, resolvers: { Query: { session: found, node: found }, Session: { calls: page } } })
const server = createServer(createYoga({ schema, logging: false }))
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}/graphql`

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time))
const window = new Window({ url })
Object.assign(globalThis, { window, document: window.document })
const told = []
console.error = (first) => told.push(first)
process.on('unhandledRejection', (error) => told.push(error))

let requests = 0
async function request(query, variables) {
  requests++
  const body = JSON.stringify({ query, variables })
  return (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json()
}
class Boundary extends Component {
  state = {}
  static getDerivedStateFromError(error) { return { error } }
  render() {
    if (this.state.error) thrown = this.state.error
    return this.state.error ? null : this.props.children
  }
}
function Route({ id }) {
  const { fragmentReference } = useLazyReference(entrypoint, { id })
  const Shown = useResult(fragmentReference)
  return <Shown key={id} />
}
let thrown
async function shown(name, id) {
  const environment = createIsographEnvironment(createIsographStore(), request)
  const root = createRoot(window.document.createElement('div'), { onCaughtError: () => {} })
  const draw = () =>
    root.render(<IsographEnvironmentProvider environment={environment}><Boundary><Suspense><Route id={id} /></Suspense></Boundary></IsographEnvironmentProvider>)
  thrown = undefined
  draw()
  await pause(500)
  requests = 0
  globalThis.pages.fetchMore(10)
  await pause(2000)
  const { kind, results } = globalThis.pages
  const state = `${kind}, ${results.length} results`
  const label = (text) => text.padEnd(24)
  if (kind === 'Complete') return console.log(label(name), state)
  console.log(label(name), `${state}; requests: ${requests}; errors: ${thrown?.message ?? (told.length || 'none')}`)
  draw()
  await pause(500)
  console.log(label('  rendered again:'), thrown?.message ?? 'no error')
}
await shown('inputs that are texts:', 'texts')
await shown('inputs that are objects:', 'objects')
await shown('an error of the server:', 'unreadable')
process.exit()
EOF
node_modules/.bin/iso --config isograph.config.json >/dev/null 2>&1
node_modules/.bin/esbuild src/run.tsx --bundle --platform=node --format=esm --jsx=automatic --packages=external --outfile=run.mjs --log-level=error
env -i PATH="$PATH" HOME="$work" NODE_ENV=production node run.mjs | tee report
cat >expected <<'EOF'
inputs that are texts:   Complete, 2 results
inputs that are objects: Pending, 0 results; requests: 1; errors: none
  rendered again:        Unexpected object array when normalizing scalar
an error of the server:  Pending, 0 results; requests: 1; errors: none
  rendered again:        GraphQL network response had errors
EOF
cmp report expected
