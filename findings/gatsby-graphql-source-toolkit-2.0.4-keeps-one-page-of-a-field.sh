#!/usr/bin/env bash
# npm gatsby-graphql-source-toolkit 2.0.4 before a schema of npm graphql 16.15.0, with npm chalk 4.1.2, which Gatsby installs.
#
# It copies what a GraphQL API has into the nodes of a site of Gatsby. Its adapter `RelayForward` follows the pages of Relay
# connections: of lists, by queries whose names begin with LIST, and of fields of a node, by queries whose names begin with
# NODE_FIELD (its README has these on its list of what is still to be documented). Of a field, it requests all pages, in order,
# and joins their arrays of edges as if they were objects: the first edge of a page replaces the first edge of the page before,
# and so on. `edges` is an object afterwards. No error is raised. Its adapter `LimitOffset` joins arrays.
#
# Why it matters: of a session with 250 messages the site has 100, the messages 201 to 250 followed by 151 to 200. What was
# said before is in no node.
#
# Seen:
#   list: 250 of 250 sessions
#   field: 3 pages requested, 100 of 250 messages kept, edges is an object
#   its first edge: message 201, its last edge: message 200
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --legacy-peer-deps --prefix . \
  gatsby-graphql-source-toolkit@2.0.4 graphql@16.15.0 chalk@4.1.2 >/dev/null 2>&1
cat >run.cjs <<'JS'
const { buildSchema, graphql } = require('graphql')
const toolkit = require('gatsby-graphql-source-toolkit')

const schema = buildSchema(`
  type Query { sessions(first: Int, after: String): Sessions!, session(id: ID!): Session }
  type Session { id: ID!, messages(first: Int, after: String): Messages! }
  type Message { position: Int! }
  type Sessions { edges: [SessionEdge!]!, pageInfo: PageInfo! }
  type SessionEdge { cursor: String!, node: Session! }
  type Messages { edges: [MessageEdge!]!, pageInfo: PageInfo! }
  type MessageEdge { cursor: String!, node: Message! }
  type PageInfo { hasNextPage: Boolean!, endCursor: String }
`)
const page = (items, { first, after }) => {
  const start = after ? Number(after) : 0
  const edges = items.slice(start, start + first).map((node, i) => ({ cursor: String(start + i + 1), node }))
  const hasNextPage = start + first < items.length
  return { edges, pageInfo: { hasNextPage, endCursor: edges.at(-1)?.cursor ?? null } }
}
let requested = 0
const messages = Array.from({ length: 250 }, (_, i) => ({ position: i + 1 }))
const session = (id) => ({
  id,
  messages: (args) => {
    if (id === '1') requested += 1
    return page(messages, args)
  },
})
const sessions = Array.from({ length: 250 }, (_, i) => session(String(i + 1)))
const rootValue = { sessions: (args) => page(sessions, args), session: ({ id }) => session(id) }
const execute = ({ query, variables, operationName }) =>
  graphql({ schema, source: query, variableValues: variables, operationName, rootValue })

const gatsbyNodeTypes = [
  {
    remoteTypeName: 'Session',
    nodeQueryVariables: ({ remoteId }) => ({ id: remoteId }),
    queries: `
      query LIST_SESSIONS {
        sessions(first: $first, after: $after) { edges { cursor node { ...SessionId } } pageInfo { hasNextPage } }
      }
      query NODE_SESSION { session(id: $id) { ...SessionId } }
      query NODE_FIELD_MESSAGES {
        session(id: $id) { messages(first: $first, after: $after) { edges { cursor node { position } } pageInfo { hasNextPage } } }
      }
      fragment SessionId on Session { __typename id }
    `,
  },
]

async function main() {
  const documents = toolkit.compileNodeQueries({ schema, gatsbyNodeTypes, customFragments: [] })
  const timer = { start() {}, end() {}, setStatus() {} }
  const context = toolkit.createSourcingContext({
    gatsbyApi: { reporter: { activityTimer: () => timer } },
    schema,
    gatsbyNodeDefs: toolkit.buildNodeDefinitions({ gatsbyNodeTypes, documents }),
    gatsbyTypePrefix: 'Agent',
    execute,
  })
  const nodes = []
  for await (const node of toolkit.fetchAllNodes(context, 'Session')) nodes.push(node)
  const { edges } = nodes[0].messages
  const kept = Object.values(edges).map(({ node }) => node.position)
  const form = Array.isArray(edges) ? 'array' : 'object'
  console.log(`list: ${nodes.length} of 250 sessions`)
  console.log(`field: ${requested} pages requested, ${kept.length} of 250 messages kept, edges is an ${form}`)
  console.log(`its first edge: message ${kept[0]}, its last edge: message ${kept.at(-1)}`)
}

main()
JS
node run.cjs | tee report
cat >expected <<'TXT'
list: 250 of 250 sessions
field: 3 pages requested, 100 of 250 messages kept, edges is an object
its first edge: message 201, its last edge: message 200
TXT
cmp report expected
