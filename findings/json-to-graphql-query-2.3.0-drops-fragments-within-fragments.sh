#!/usr/bin/env bash
# npm json-to-graphql-query 2.3.0, its queries executed by npm graphql 16.15.0.
#
# It writes a query from an object, where `__on` is a fragment on a type, or a list of them. Within a fragment it passes over
# `__on` and over `__all_on`, which names fragments to spread: the query is valid and has neither, without an error. Elsewhere
# both are written, also in a field of a fragment.
#
# Why it matters: items of a thread are behind two interfaces, Node and ThreadItem. A program that asks for the inputs of tool
# calls in this way gets items, and none that has an input.
#
# Seen:
#   asked: node { id, on Item: { summary, on ToolCall: { input }, ...Parts } }
#   written: query { node { id ... on Item { summary } } }
#   answer: {"node":{"id":"1","summary":"Read a file"}}
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . json-to-graphql-query@2.3.0 graphql@16.15.0 >/dev/null 2>&1
cat >run.mjs <<'EOF'
import { buildSchema, graphql } from 'graphql'
import { jsonToGraphQLQuery } from 'json-to-graphql-query'

const schema = buildSchema(`
  interface Node { id: ID! }
  interface Item implements Node { id: ID!, summary: String! }
  type ToolCall implements Item & Node { id: ID!, summary: String!, input: String! }
  type Query { node: Node }
`)
const rootValue = { node: { __typename: 'ToolCall', id: '1', summary: 'Read a file', input: '/tmp/notes' } }

const source = jsonToGraphQLQuery({
  query: {
    node: {
      id: true,
      __on: { __typeName: 'Item', summary: true, __on: { __typeName: 'ToolCall', input: true }, __all_on: ['Parts'] },
    },
  },
})
const { data, errors } = await graphql({ schema, source, rootValue })
if (errors) throw errors[0]
console.log('asked: node { id, on Item: { summary, on ToolCall: { input }, ...Parts } }')
console.log(`written: ${source}`)
console.log(`answer: ${JSON.stringify(data)}`)
EOF
node run.mjs | tee report
cat >expected <<'EOF'
asked: node { id, on Item: { summary, on ToolCall: { input }, ...Parts } }
written: query { node { id ... on Item { summary } } }
answer: {"node":{"id":"1","summary":"Read a file"}}
EOF
cmp report expected
