#!/usr/bin/env bash
# npm rxdb 17.6.0, its GraphQL replication (rxdb/plugins/replication-graphql).
#
# The replication takes a page that has fewer documents than `pull.batchSize` for the last one, as its documentation says.
# Without `batchSize` there are two defaults: the query builder is told to ask for 20 documents, and the replication expects
# 100. So the first full page of 20 is taken for the last one. awaitInitialReplication() and awaitInSync() resolve, no error
# is reported, and a restarted replication gets the next 20.
#
# With `batchSize: 20`, which looks like the same as none, every page is loaded.
#
# The server below has 250 sessions and is a common one: Relay pages with `first` and `after`. It keeps its word on
# `hasNextPage`, which the replication has no place for.
#
# Why it matters: an app that keeps sessions of agents for offline use has the first 20, and neither it nor its user can tell.
# A page size above what a server allows (`first` is cut to 100 here) has the same effect.
#
# Seen:
#   batchSize not given: 20 of 250 sessions, in sync, pages asked for: 20
#   live:                20 of 250 sessions, in sync, pages asked for: 20
#   batchSize 20:        250 of 250 sessions, in sync, pages asked for: 20 20 20 20 20 20 20 20 20 20 20 20 20
#   batchSize 200:       100 of 250 sessions, in sync, pages asked for: 200
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . rxdb@17.6.0 rxjs@7.8.2 >/dev/null
cat >run.mjs <<'EOF'
import { createServer } from 'node:http'
import { createRxDatabase } from 'rxdb'
import { replicateGraphQL } from 'rxdb/plugins/replication-graphql'
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory'

const sessions = Array.from({ length: 250 }, (_, index) => ({ id: `s${1000 + index}`, title: `Session ${index}`, deleted: false }))
const asked = []
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const { first, after } = JSON.parse(body).variables
  const start = after ? sessions.findIndex(({ id }) => id === after) + 1 : 0
  const nodes = sessions.slice(start, start + Math.min(first, 100))
  asked.push(first)
  const pageInfo = { endCursor: nodes.at(-1)?.id ?? null, hasNextPage: start + nodes.length < sessions.length }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ data: { sessions: { nodes, pageInfo } } }))
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const query = `query Pull($first: Int!, $after: String) {
  sessions(first: $first, after: $after) { nodes { id title deleted } pageInfo { endCursor hasNextPage } }
}`
const schema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: { id: { type: 'string', maxLength: 100 }, title: { type: 'string' } },
  required: ['id', 'title'],
}

async function replicated(name, live, size) {
  asked.length = 0
  const database = await createRxDatabase({ name: `d${Math.random()}`, storage: getRxStorageMemory() })
  await database.addCollections({ sessions: { schema } })
  const replication = replicateGraphQL({
    collection: database.sessions,
    replicationIdentifier: 'sessions',
    url: { http: `http://127.0.0.1:${server.address().port}/graphql` },
    deletedField: 'deleted',
    live,
    pull: {
      ...size,
      queryBuilder: (checkpoint, limit) => ({ query, operationName: 'Pull', variables: { first: limit, after: checkpoint?.after ?? null } }),
      responseModifier: ({ nodes, pageInfo }, _, checkpoint) => ({
        documents: nodes,
        checkpoint: pageInfo.endCursor ? { after: pageInfo.endCursor } : checkpoint,
      }),
    },
  })
  replication.error$.subscribe((error) => console.log('error', error.message))
  await replication.awaitInitialReplication()
  await replication.awaitInSync()
  const count = (await database.sessions.find().exec()).length
  console.log(`${(name + ':').padEnd(20)} ${count} of ${sessions.length} sessions, in sync, pages asked for: ${asked.join(' ')}`)
  await replication.cancel()
}
await replicated('batchSize not given', false, {})
await replicated('live', true, {})
await replicated('batchSize 20', false, { batchSize: 20 })
await replicated('batchSize 200', false, { batchSize: 200 })
process.exit()
EOF
env -i PATH="$PATH" HOME="$work" node run.mjs | tee report
cat >expected <<'EOF'
batchSize not given: 20 of 250 sessions, in sync, pages asked for: 20
live:                20 of 250 sessions, in sync, pages asked for: 20
batchSize 20:        250 of 250 sessions, in sync, pages asked for: 20 20 20 20 20 20 20 20 20 20 20 20 20
batchSize 200:       100 of 250 sessions, in sync, pages asked for: 200
EOF
cmp report expected
