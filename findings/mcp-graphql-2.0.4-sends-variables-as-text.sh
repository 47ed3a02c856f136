#!/usr/bin/env bash
# npm mcp-graphql 2.0.4, called by npm @modelcontextprotocol/sdk 1.32.2, before three servers: npm graphql-http 1.23.1,
# graphql-yoga 5.24.1 and @apollo/server 5.5.1.
#
# The tool `query-graphql` takes `variables` as a text with JSON, and sends that text on, instead of the object in it. GraphQL
# over HTTP has an object there, so each of the servers refuses the request, whatever the query is. An object, which would
# be right, is refused by the tool itself. So no query with variables can be run; one with its values written into it works.
# (https://github.com/blurrah/mcp-graphql/issues/39, open.)
#
# Why it matters: this is how a coding agent asks its own history for words that it has just read. It has to escape them into
# the query by itself, although the tool offers variables for it.
#
# Seen:
#   graphql-http: inline works, text refused, object refused by the tool
#   graphql-yoga: inline works, text refused, object refused by the tool
#   apollo:       inline works, text refused, object refused by the tool
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . mcp-graphql@2.0.4 @modelcontextprotocol/sdk@1.32.2 graphql-http@1.23.1 \
  graphql-yoga@5.24.1 @apollo/server@5.5.1 graphql@16.15.0 >/dev/null 2>&1
cat >run.mjs <<'EOF'
import { createServer } from 'node:http'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { buildSchema } from 'graphql'
import { createHandler } from 'graphql-http/lib/use/http'
import { createSchema, createYoga } from 'graphql-yoga'

const typeDefs = 'type Query { search(words: String!): String }'
const rootValue = { search: ({ words }) => `found ${words}` }
const resolvers = { Query: { search: (_, arguments_) => rootValue.search(arguments_) } }
async function served(handler) {
  const server = createServer(handler)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${server.address().port}/graphql`
}
const apollo = await startStandaloneServer(new ApolloServer({ typeDefs, resolvers }), { listen: { port: 0, host: '127.0.0.1' } })
const servers = {
  'graphql-http': await served(createHandler({ schema: buildSchema(typeDefs), rootValue })),
  'graphql-yoga': await served(createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false })),
  apollo: apollo.url,
}

for (const [name, endpoint] of Object.entries(servers)) {
  const client = new Client({ name: 'agent', version: '1' })
  await client.connect(
    new StdioClientTransport({
      command: 'node',
      args: ['node_modules/mcp-graphql/dist/index.js'],
      env: { PATH: process.env.PATH, ENDPOINT: endpoint },
      stderr: 'ignore',
    }),
  )
  const called = async (input) => {
    try {
      const { content, isError } = await client.callTool({ name: 'query-graphql', arguments: input })
      if (!isError && content[0].text.includes('found upload')) return 'works'
      return /variables/i.test(content[0].text) ? 'refused' : content[0].text
    } catch (error) {
      return /variables/.test(error.message) ? 'refused by the tool' : error.message
    }
  }
  const query = 'query ($words: String!) { search(words: $words) }'
  const inline = await called({ query: '{ search(words: "upload") }' })
  const text = await called({ query, variables: JSON.stringify({ words: 'upload' }) })
  const object = await called({ query, variables: { words: 'upload' } })
  console.log(`${`${name}:`.padEnd(13)} inline ${inline}, text ${text}, object ${object}`)
  await client.close()
}
process.exit()
EOF
env -i PATH="$PATH" HOME="$work" node run.mjs | tee report
cat >expected <<'EOF'
graphql-http: inline works, text refused, object refused by the tool
graphql-yoga: inline works, text refused, object refused by the tool
apollo:       inline works, text refused, object refused by the tool
EOF
cmp report expected
