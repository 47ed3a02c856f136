// A gateway of GraphQL Tools (the parts of Hive Gateway and Mesh): a schema that extends the server's, and asks it over HTTP.
import assert from 'node:assert/strict'
import { buildHTTPExecutor } from '@graphql-tools/executor-http'
import { stitchSchemas } from '@graphql-tools/stitch'
import { schemaFromExecutor } from '@graphql-tools/wrap'
import { execute, parse, subscribe, validate } from 'graphql'
import { check, given, report } from './checks.mjs'
import { CANCEL, DELETE, LONG_SESSION, RENAME, RESUME, SESSIONS, SHORT_SESSION, WATCH } from './operations.mjs'
import { started } from './program.mjs'

/** The gateway before `endpoint`. Its sessions have a field of its own, which needs fields of the server. */
async function gateway(endpoint) {
  const executor = buildHTTPExecutor({ endpoint })
  return stitchSchemas({
    subschemas: [{ schema: await schemaFromExecutor(executor), executor, batch: true }],
    typeDefs: 'extend type Session { label: String! }',
    resolvers: {
      Session: {
        label: { selectionSet: '{ title source }', resolve: ({ title, source }) => `${source}: ${title}` },
      },
    },
  })
}

const stitched = await gateway(given.url)

function run(query, variableValues, schema = stitched) {
  const document = parse(query)
  assert.deepEqual(validate(schema, document), [])
  return document.definitions[0].operation === 'subscription'
    ? subscribe({ schema, document, variableValues })
    : execute({ schema, document, variableValues, contextValue: {} })
}

const codes = ({ errors }) => errors.map(({ extensions }) => extensions.code)
const next = async (events) => {
  const { value, done } = await events.next()
  if (done) return null
  return value.errors ? codes(value)[0] : value.data.resumeTask.state
}

check('lists_have_the_cursors_of_the_server_and_fields_of_the_gateway', async () => {
  const ids = []
  let page
  do {
    page = (await run(SESSIONS, { first: 7, after: page?.pageInfo.endCursor ?? null })).data.sessions
    ids.push(...page.edges.map(({ node }) => node.id))
  } while (page.pageInfo.hasNextPage)
  assert.equal(new Set(ids).size, page.totalCount)
  const back = '{ sessions(last: 2) { nodes { name: title label totalTokens metadata } pageInfo { hasPreviousPage } } }'
  const { data } = await run(back)
  assert.equal(data.sessions.nodes.length, 2)
  for (const { name, label } of data.sessions.nodes) assert.ok(label.endsWith(`: ${name}`))
  assert.equal(data.sessions.pageInfo.hasPreviousPage, true)
})

check('interfaces_and_scalars_pass_through', async () => {
  const query = `query ($ids: [ID!]!) {
    nodes(ids: $ids) {
      __typename
      id
      ... on Session { totalTokens updatedAt metadata }
      ... on Message { content { __typename position ... on TextBlock { text } ... on ToolUseBlock { input } } }
    }
  }`
  const ids = [SHORT_SESSION, `${SHORT_SESSION}:1`, 'nobody']
  const answer = await run(query, { ids })
  const body = JSON.stringify({ query, variables: { ids } })
  const direct = await fetch(given.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  assert.deepEqual(JSON.parse(JSON.stringify(answer)), await direct.json())
})

check('errors_keep_their_codes_and_paths_and_leave_the_rest', async () => {
  const { data, errors } = await run('{ bad: sessions(first: -1) { totalCount } agents { source } }')
  assert.deepEqual(errors.map(({ path, extensions }) => [path, extensions.code]), [[['bad'], 'BAD_USER_INPUT']])
  assert.equal(data.bad, null)
  assert.ok(data.agents.length > 0)
  const { data: deleted } = await run(DELETE, { sessionId: 'nobody' })
  assert.deepEqual(JSON.parse(JSON.stringify(deleted.deleteSession)), {
    deletedSessionId: null,
    userErrors: [{ code: 'NOT_FOUND' }],
  })
})

check('subscription_follows_a_task_to_its_final_state_without_settings', async () => {
  const { data } = await run(RESUME, { input: { sessionId: LONG_SESSION } })
  const { threadId } = data.resumeSession.resumeTask
  const events = await run(WATCH, { threadId })
  assert.equal(await next(events), 'QUEUED')
  await run(CANCEL, { threadId })
  assert.equal(await next(events), 'CANCELED')
  assert.equal(await next(events), null)
})

check('changes_have_fields_of_the_gateway', async () => {
  const { data } = await run('{ sessions(first: 1) { changeSeq } }')
  const query = 'subscription ($since: BigInt) { sessionChanges(since: $since) { seq kind session { label } } }'
  const events = await run(query, { since: data.sessions.changeSeq })
  await run(RENAME, { input: { sessionId: SHORT_SESSION, title: 'Renamed behind a gateway' } })
  const { value } = await events.next()
  await events.return()
  assert.equal(value.data.sessionChanges.session.label, 'CODEWHALE: Renamed behind a gateway')
  assert.ok(value.data.sessionChanges.seq > data.sessions.changeSeq)
})

check('a_server_that_stops_is_an_error_and_not_the_end_of_the_subscription', async () => {
  const server = await started(given.program)
  const schema = await gateway(server.url)
  const { data } = await run(RESUME, { input: { sessionId: LONG_SESSION } }, schema)
  const events = await run(WATCH, { threadId: data.resumeSession.resumeTask.threadId }, schema)
  assert.equal(await next(events), 'QUEUED')
  await server.stop('SIGTERM')
  assert.equal(await next(events), 'SERVICE_UNAVAILABLE')
  assert.equal(await next(events), null)
})

await report()
