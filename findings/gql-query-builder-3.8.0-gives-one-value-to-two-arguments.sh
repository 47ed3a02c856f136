#!/usr/bin/env bash
# npm gql-query-builder 3.8.0, its queries executed by npm graphql 16.15.0.
#
# Its variables belong to one field each: `{ operation, variables, fields }`. In the query that it writes, all of them are in one
# list by their names, where the value of the last field replaces those of the others. So a page of a nested list has its size
# for the outer list as well, one object is asked for twice in the place of two, and of two mutations the second is carried out
# twice and the first never. There is no error: each query is valid.
# (https://github.com/atulmy/gql-query-builder/issues/61, closed, and 84, open, where one name has two types and is refused. The
# README shows `name`, which lets a variable have another name than its argument, for "custom argument names".)
#
# Why it matters: the mutation that a program meant to send for one session changes another one a second time.
#
# Seen:
#   sessions(first: 3) with messages(first: 1): 1 session, with 1 message each
#   sessions a and b:                           b b
#   delete a and b:                             deleted b, nothing deleted; left: a c
#   with other names by `name`:                 a b
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . gql-query-builder@3.8.0 graphql@16.15.0 >/dev/null 2>&1
cat >run.mjs <<'EOF'
import builder from 'gql-query-builder'
import { buildSchema, graphql } from 'graphql'

const schema = buildSchema(`
  type Query { session(id: ID!): Session, sessions(first: Int): [Session!]! }
  type Session { id: ID!, messages(first: Int): [String!]! }
  type Mutation { deleteSession(id: ID!): ID }
`)
const stored = new Set(['a', 'b', 'c'])
const session = (id) => ({ id, messages: ({ first }) => ['Hello', 'Good day', 'Bye'].slice(0, first) })
const rootValue = {
  session: ({ id }) => session(id),
  sessions: ({ first }) => [...stored].slice(0, first).map(session),
  deleteSession: ({ id }) => (stored.delete(id) ? id : null),
}
async function run({ query, variables }) {
  const { data, errors } = await graphql({ schema, source: query, rootValue, variableValues: variables })
  if (errors) throw errors[0]
  return data
}

const id = (value) => ({ id: { value, type: 'ID', required: true } })
const pages = await run(
  builder.query({
    operation: 'sessions',
    variables: { first: 3 },
    fields: ['id', { operation: 'messages', variables: { first: 1 }, fields: [] }],
  }),
)
const count = pages.sessions.length
console.log(`sessions(first: 3) with messages(first: 1): ${count} session${count === 1 ? '' : 's'}, with ${pages.sessions[0].messages.length} message each`)

const both = await run(
  builder.query([
    { operation: { name: 'session', alias: 'one' }, variables: id('a'), fields: ['id'] },
    { operation: { name: 'session', alias: 'other' }, variables: id('b'), fields: ['id'] },
  ]),
)
console.log(`sessions a and b:                           ${both.one.id} ${both.other.id}`)

const deleted = await run(
  builder.mutation([
    { operation: { name: 'deleteSession', alias: 'one' }, variables: id('a') },
    { operation: { name: 'deleteSession', alias: 'other' }, variables: id('b') },
  ]),
)
const said = (value) => (value === null ? 'nothing deleted' : `deleted ${value}`)
console.log(`delete a and b:                             ${said(deleted.one)}, ${said(deleted.other)}; left: ${[...stored].join(' ')}`)

const named = (name, value) => ({ [name]: { name: 'id', value, type: 'ID', required: true } })
const right = await run(
  builder.query([
    { operation: { name: 'session', alias: 'one' }, variables: named('firstId', 'a'), fields: ['id'] },
    { operation: { name: 'session', alias: 'other' }, variables: named('secondId', 'b'), fields: ['id'] },
  ]),
)
console.log(`with other names by \`name\`:                 ${right.one.id} ${right.other.id}`)
EOF
node run.mjs | tee report
cat >expected <<'EOF'
sessions(first: 3) with messages(first: 1): 1 session, with 1 message each
sessions a and b:                           b b
delete a and b:                             deleted b, nothing deleted; left: a c
with other names by `name`:                 a b
EOF
cmp report expected
