// graphql-sse, the reference client of GraphQL over server-sent events.
import assert from 'node:assert/strict'
import { createClient } from 'graphql-sse'
import { check, given, report } from './checks.mjs'
import { CANCEL, DELETE, LONG_SESSION, RENAME, RESUME, SESSIONS, SHORT_SESSION, WATCH } from './operations.mjs'
import { started } from './program.mjs'

const connected = (url = given.url, options = {}) => createClient({ url, ...options })

/** The only result of a query or a mutation, after which the server must complete it. */
async function executed(client, query, variables) {
  const results = []
  for await (const result of client.iterate({ query, variables })) results.push(result)
  assert.equal(results.length, 1)
  return results[0]
}

/** The thread of a resume that stays QUEUED, since this server does not seed. */
async function queued(client, sessionId = LONG_SESSION) {
  const { data } = await executed(client, RESUME, { input: { sessionId } })
  assert.deepEqual(data.resumeSession.userErrors, [])
  return data.resumeSession.resumeTask.threadId
}

const watched = (client, threadId) => client.iterate({ query: WATCH, variables: { threadId } })
const codes = ({ errors }) => errors.map(({ extensions }) => extensions.code)
const next = async (events) => {
  const { value, done } = await events.next()
  if (done) return null
  return value.errors ? codes(value)[0] : value.data.resumeTask.state
}

check('queries_walk_through_all_pages_and_mutations_report_errors', async () => {
  const client = connected()
  const ids = []
  let page
  do {
    const { data } = await executed(client, SESSIONS, { first: 5, after: page?.pageInfo.endCursor })
    page = data.sessions
    ids.push(...page.edges.map(({ node }) => node.id))
  } while (page.pageInfo.hasNextPage)
  assert.equal(new Set(ids).size, page.totalCount)
  const { data } = await executed(client, DELETE, { sessionId: 'nobody' })
  assert.deepEqual(data.deleteSession.userErrors, [{ code: 'NOT_FOUND' }])
})

check('subscription_gets_every_state_and_completes_after_the_last', async () => {
  const client = connected()
  const threadId = await queued(client)
  const events = watched(client, threadId)
  assert.equal(await next(events), 'QUEUED')
  await executed(client, CANCEL, { threadId })
  assert.equal(await next(events), 'CANCELED')
  assert.equal(await next(events), null)
})

check('errors_are_results_with_their_codes', async () => {
  const client = connected()
  const failures = {
    GRAPHQL_PARSE_FAILED: ['query {'],
    GRAPHQL_VALIDATION_FAILED: ['{ unknownField }'],
    BAD_USER_INPUT: [SESSIONS, { first: -1 }],
    NOT_FOUND: [WATCH, { threadId: 'thr_unknown' }],
  }
  for (const [code, [query, variables]] of Object.entries(failures)) {
    assert.deepEqual(codes(await executed(client, query, variables)), [code])
  }
})

check('changes_continue_from_the_list_that_was_loaded', async () => {
  const client = connected()
  const { data } = await executed(client, '{ sessions(first: 1) { changeSeq } }')
  const query = 'subscription ($since: BigInt) { sessionChanges(since: $since) { seq kind session { title } } }'
  const since = data.sessions.changeSeq
  const input = { sessionId: SHORT_SESSION, title: 'event: complete, data: another' }
  const renamed = await executed(client, RENAME, { input })
  assert.deepEqual(renamed.data.updateSession.userErrors, [])
  for await (const result of client.iterate({ query, variables: { since } })) {
    const { seq, kind, session } = result.data.sessionChanges
    assert.ok(seq > since)
    assert.deepEqual([kind, session.title], ['UPDATED', input.title])
    break
  }
})

check('subscription_continues_after_the_server_is_stopped_or_killed_and_restarted', async () => {
  let server = await started(given.program)
  const retry = () => new Promise((resolve) => setTimeout(resolve, 50))
  const client = connected(server.url, { retryAttempts: Infinity, retry })
  const threadId = await queued(client)
  const events = watched(client, threadId)
  assert.equal(await next(events), 'QUEUED')
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    await server.stop(signal)
    server = await started(given.program, server.port)
    const state = await next(events)
    // A server that stops says so.
    if (signal === 'SIGTERM') assert.equal(state, 'SERVICE_UNAVAILABLE')
    assert.equal(signal === 'SIGTERM' ? await next(events) : state, 'QUEUED')
  }
  await executed(client, CANCEL, { threadId })
  assert.equal(await next(events), 'CANCELED')
  assert.equal(await next(events), null)
})

check('the_token_is_sent_as_a_header', async () => {
  const headers = { authorization: `Bearer ${given.token}` }
  const { data } = await executed(connected(given.guardedUrl, { headers }), SESSIONS, { first: 1 })
  assert.equal(data.sessions.totalCount, 0)
  const refused = executed(connected(given.guardedUrl, { retryAttempts: 0 }), SESSIONS, { first: 1 })
  await assert.rejects(refused, ({ response }) => response.status === 401)
})

await report()
