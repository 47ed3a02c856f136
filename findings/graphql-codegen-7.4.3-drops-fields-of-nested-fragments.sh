#!/usr/bin/env bash
# npm @graphql-codegen/cli 7.4.3 with typescript-operations 6.1.9 and client-preset 6.2.0.
#
# An inline fragment on an object type within an inline fragment on an interface, where the field has another interface:
# `node { ... on Item { summary ... on Call { input } } }`. The generated document asks for `input` and the server answers
# with it, but the generated type of a Call has no `input`. There is no warning. TypeScript refuses code that reads the field,
# and for code that asks whether the object has it (`'input' in node`) the object is of no type at all.
#
# The type is right where the fragment on the object type stands beside the other one, where the inner selection is a named
# fragment, and where the outer fragment is on the interface of the field itself. client-preset and the plugins for react-query,
# urql and graphql-request take their types from typescript-operations.
#
# Why it matters: `node(id:)` of Relay's servers, and items that have an interface within it, are what one selects so. An app
# in TypeScript cannot read what it loads, and it looks as if the schema had no such field.
#
# Seen:
#   answer:         {"__typename":"Call","id":"1","summary":"ran ls","input":"ls"}
#   nested:         { __typename: 'Call', summary: string, id: string }
#   client-preset:  { __typename: 'Call', summary: string, id: string }
#   outer is wider: { __typename: 'Call', id: string }
#   beside:         { __typename: 'Call', summary: string, input: string | null, id: string }
#   named:          { __typename: 'Call', id: string, input: string | null, summary: string }
#   tsc:            Property 'input' does not exist on type '{ __typename: "Call"; summary: string; id: string; }'.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . @graphql-codegen/cli@7.4.3 @graphql-codegen/typescript-operations@6.1.9 \
  @graphql-codegen/client-preset@6.2.0 @graphql-typed-document-node/core@3.2.0 graphql@16.15.0 typescript@7.0.2 >/dev/null 2>&1
cat >schema.graphql <<'EOF'
interface Node { id: ID! }
interface Item implements Node { id: ID! summary: String! }
type Call implements Item & Node { id: ID! summary: String! input: String }
type Reply implements Item & Node { id: ID! summary: String! text: String! }
type Session implements Node { id: ID! title: String! }
type Query { node: Node item: Item }
EOF
cat >queries.graphql <<'EOF'
query Nested { node { __typename id ... on Item { summary ... on Call { input } } } }
query Wider { item { __typename ... on Node { id ... on Call { input } } } }
query Beside { node { __typename id ... on Item { summary } ... on Call { input } } }
query Named { node { __typename id ...Details } }
fragment Details on Item { summary ... on Call { input } }
EOF
cat >codegen.json <<'EOF'
{
  "schema": "schema.graphql",
  "documents": "queries.graphql",
  "generates": {
    "types.ts": { "plugins": ["typescript-operations"] },
    "client/": { "preset": "client", "presetConfig": { "fragmentMasking": false } }
  }
}
EOF
env -i PATH="$PATH" HOME="$work" node_modules/.bin/graphql-codegen --config codegen.json >/dev/null 2>&1
cat >answer.mjs <<'EOF'
import { readFileSync } from 'node:fs'
import { buildSchema, graphql } from 'graphql'
const source = readFileSync('queries.graphql', 'utf8')
const node = { __typename: 'Call', id: '1', summary: 'ran ls', input: 'ls' }
const schema = buildSchema(readFileSync('schema.graphql', 'utf8'))
for (const operationName of ['Nested', 'Beside', 'Named']) {
  const { data, errors } = await graphql({ schema, source, operationName, rootValue: { node } })
  if (errors || JSON.stringify(data.node) !== JSON.stringify(node)) throw errors ?? new Error(JSON.stringify(data))
}
console.log(`answer:         ${JSON.stringify(node)}`)
EOF
cat >program.ts <<'EOF'
import type { NestedQuery } from './types.ts'
declare const answer: NestedQuery
export const input = answer.node?.__typename === 'Call' ? answer.node.input : null
EOF
call() { sed -n "/^export type $1Query = /,/};/p" "$2" | sed -n "s/^ *| \({ __typename: 'Call'.*\)/\1/p"; }
{
  node answer.mjs
  echo "nested:         $(call Nested types.ts)"
  echo "client-preset:  $(call Nested client/graphql.ts)"
  echo "outer is wider: $(call Wider types.ts)"
  echo "beside:         $(call Beside types.ts)"
  echo "named:          $(call Named types.ts)"
  echo "tsc:            $(node_modules/.bin/tsc --strict --noEmit --allowImportingTsExtensions --module esnext program.ts | sed -n 's/^program.*error TS[0-9]*: //p')"
} | tee report
cat >expected <<'EOF'
answer:         {"__typename":"Call","id":"1","summary":"ran ls","input":"ls"}
nested:         { __typename: 'Call', summary: string, id: string }
client-preset:  { __typename: 'Call', summary: string, id: string }
outer is wider: { __typename: 'Call', id: string }
beside:         { __typename: 'Call', summary: string, input: string | null, id: string }
named:          { __typename: 'Call', id: string, input: string | null, summary: string }
tsc:            Property 'input' does not exist on type '{ __typename: "Call"; summary: string; id: string; }'.
EOF
cmp report expected
