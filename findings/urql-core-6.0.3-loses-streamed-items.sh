#!/usr/bin/env bash
# npm @urql/core 6.0.3, before a server with npm graphql 17.1.0.
#
# GraphQL.js 17 answers @stream in the form that the specification now has: `pending` names an id and the path of the list, and
# each increment has the id and the next items. urql looks the path up and treats it as if it ended with an index, as paths
# did in the form before: it writes the items beside the list, under the key "0" of the object that has the list. The second
# increment overwrites the first. So the list stays at its first items, and the object has a field "0" that nobody asked for.
# There is no error, and hasNext is false at the end.
#
# A list at the root of the query is lost as well: the data gets the key "0".
# Apollo Client with GraphQL17Alpha9Handler has the whole list from the same answer.
#
# Why it matters: long lists, such as the messages of a session, are what one streams. The page shows the first ones alone.
#
# Seen:
#   urql, in an object:   {"session":{"0":{"text":"three"},"messages":[{"text":"one"}]}} error: none, complete: true
#   apollo, in an object: {"session":{"messages":[{"text":"one"},{"text":"two"},{"text":"three"}]}} error: none, complete: true
#   urql, at the root:    {"0":{"text":"three"},"messages":[{"text":"one"}]} error: none, complete: true
#   apollo, at the root:  {"messages":[{"text":"one"},{"text":"two"},{"text":"three"}]} error: none, complete: true
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir upstream client
npm install --silent --no-audit --no-fund --prefix upstream graphql@17.1.0 >/dev/null 2>&1
npm install --silent --no-audit --no-fund --prefix client @urql/core@6.0.3 @apollo/client@4.3.8 graphql@16.15.0 rxjs@7.8.2 >/dev/null 2>&1
cat >upstream/server.mjs <<'EOF'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import * as graphql from 'graphql'
const { GraphQLList, GraphQLString, GraphQLObjectType } = graphql
const pause = () => new Promise((resolve) => setTimeout(resolve, 50))
const Message = new GraphQLObjectType({ name: 'Message', fields: { text: { type: GraphQLString } } })
const messages = {
  type: new GraphQLList(Message),
  async *resolve() { for (const text of ['one', 'two', 'three']) { await pause(); yield { text } } },
}
const Session = new GraphQLObjectType({ name: 'Session', fields: { messages } })
const Query = new GraphQLObjectType({ name: 'Query', fields: { session: { type: Session, resolve: () => ({}) }, messages } })
const directives = [...graphql.specifiedDirectives, graphql.GraphQLDeferDirective, graphql.GraphQLStreamDirective]
const schema = new graphql.GraphQLSchema({ query: Query, directives })
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const result = await graphql.experimentalExecuteIncrementally({ schema, document: graphql.parse(JSON.parse(body).query) })
  if (!('initialResult' in result)) {
    response.setHeader('content-type', 'application/json')
    return response.end(JSON.stringify(result))
  }
  response.setHeader('content-type', 'multipart/mixed; boundary="-"')
  const part = (value) => response.write(`\r\n---\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${JSON.stringify(value)}`)
  part(result.initialResult)
  for await (const value of result.subsequentResults) part(value)
  response.end('\r\n-----\r\n')
})
server.listen(0, '127.0.0.1', () => writeFileSync(process.argv[2], String(server.address().port)))
EOF
cat >client/run.mjs <<'EOF'
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client'
import { GraphQL17Alpha9Handler } from '@apollo/client/incremental'
import { Client, fetchExchange } from '@urql/core'
const url = `http://127.0.0.1:${process.argv[2]}/graphql`
const queries = {
  'in an object': '{ session { messages @stream(initialCount: 1) { text } } }',
  'at the root': '{ messages @stream(initialCount: 1) { text } }',
}
const pause = () => new Promise((resolve) => setTimeout(resolve, 1500))
const show = (name, data, error, complete) => {
  const plain = JSON.stringify(data, (key, value) => (key === '__typename' ? undefined : value))
  console.log(`${(name + ':').padEnd(21)} ${plain} error: ${error?.message ?? 'none'}, complete: ${complete}`)
}
for (const [place, query] of Object.entries(queries)) {
  let last
  new Client({ url, exchanges: [fetchExchange], preferGetMethod: false }).query(query, {}).subscribe((result) => (last = result))
  await pause()
  show(`urql, ${place}`, last.data, last.error, !last.hasNext)
  const client = new ApolloClient({ link: new HttpLink({ uri: url }), cache: new InMemoryCache(), incrementalHandler: new GraphQL17Alpha9Handler() })
  client.watchQuery({ query: gql(query), errorPolicy: 'all' }).subscribe((result) => (last = result))
  await pause()
  show(`apollo, ${place}`, last.data, last.error, last.dataState === 'complete')
}
process.exit()
EOF
env -i PATH="$PATH" HOME="$work" node upstream/server.mjs "$work/port" 2>/dev/null & server=$!
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
env -i PATH="$PATH" HOME="$work" node client/run.mjs "$(cat port)" | tee report
cat >expected <<'EOF'
urql, in an object:   {"session":{"0":{"text":"three"},"messages":[{"text":"one"}]}} error: none, complete: true
apollo, in an object: {"session":{"messages":[{"text":"one"},{"text":"two"},{"text":"three"}]}} error: none, complete: true
urql, at the root:    {"0":{"text":"three"},"messages":[{"text":"one"}]} error: none, complete: true
apollo, at the root:  {"messages":[{"text":"one"},{"text":"two"},{"text":"three"}]} error: none, complete: true
EOF
cmp report expected
