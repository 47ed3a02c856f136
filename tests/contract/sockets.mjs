// graphql-ws, the reference client of graphql-transport-ws.
import assert from 'node:assert/strict'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { check, given, report } from './checks.mjs'
import { CANCEL, LONG_SESSION, RESUME, SESSIONS, SHORT_SESSION, WATCH } from './operations.mjs'
import { started } from './program.mjs'

/** A client that records its sockets and the codes with which they are closed. */
function connected(url = given.url, options = {}) {
  const client = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, ...options })
  client.sockets = []
  client.closes = []
  client.on('connected', (socket) => client.sockets.push(socket))
  client.on('closed', ({ code }) => client.closes.push(code))
  return client
}

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
  assert.equal(data.resumeSession.resumeTask.state, 'QUEUED')
  return data.resumeSession.resumeTask.threadId
}

const next = async (events) => {
  const { value, done } = await events.next()
  return done ? null : value.data.resumeTask.state
}
const watched = (client, threadId) => client.iterate({ query: WATCH, variables: { threadId } })
const failed = (client, query, variables) =>
  executed(client, query, variables).then((result) => assert.fail(JSON.stringify(result)), (reason) => reason)
const codes = (errors) => errors.map(({ extensions }) => extensions.code)

check('query_gets_one_result_and_completes', async () => {
  const { data } = await executed(connected(), SESSIONS, { first: 2 })
  assert.equal(data.sessions.edges.length, 2)
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

check('several_subscriptions_share_a_socket', async () => {
  const client = connected()
  const threads = [await queued(connected()), await queued(connected(), SHORT_SESSION)]
  const events = threads.map((threadId) => watched(client, threadId))
  assert.deepEqual(await Promise.all(events.map(next)), ['QUEUED', 'QUEUED'])
  await executed(client, CANCEL, { threadId: threads[0] })
  assert.equal(await next(events[0]), 'CANCELED')
  assert.equal(await next(events[0]), null)
  await executed(client, CANCEL, { threadId: threads[1] })
  assert.equal(await next(events[1]), 'CANCELED')
  assert.equal(await next(events[1]), null)
  assert.equal(client.sockets.length, 1)
})

check('errors_of_one_operation_do_not_affect_the_others', async () => {
  const client = connected()
  const threadId = await queued(connected())
  const events = watched(client, threadId)
  assert.equal(await next(events), 'QUEUED')
  assert.deepEqual(codes(await failed(client, 'query {')), ['GRAPHQL_PARSE_FAILED'])
  assert.deepEqual(codes(await failed(client, '{ unknownField }')), ['GRAPHQL_VALIDATION_FAILED'])
  assert.deepEqual(codes(await failed(client, 'query A { __typename } query B { __typename }')), [
    'OPERATION_RESOLUTION_FAILURE',
  ])
  assert.deepEqual(codes(await failed(client, WATCH, { threadId: 'thr_unknown' })), ['NOT_FOUND'])
  await executed(client, CANCEL, { threadId })
  assert.equal(await next(events), 'CANCELED')
  assert.deepEqual([client.sockets.length, client.closes], [1, []])
})

check('unsubscribing_early_keeps_the_socket_open', async () => {
  const client = connected(given.url, { lazyCloseTimeout: 5_000 })
  const threadId = await queued(connected())
  const events = watched(client, threadId)
  assert.equal(await next(events), 'QUEUED')
  await events.return()
  await executed(client, CANCEL, { threadId })
  assert.deepEqual([client.sockets.length, client.closes], [1, []])
})

check('pings_are_answered', async () => {
  const client = connected(given.url, { lazy: false, keepAlive: 20 })
  await new Promise((resolve) => client.on('pong', (received) => received && resolve()))
  await client.dispose()
})

check('subscription_continues_after_its_socket_is_cut', async () => {
  const client = connected(given.url, { retryWait: async () => {} })
  const threadId = await queued(connected())
  const events = watched(client, threadId)
  assert.equal(await next(events), 'QUEUED')
  client.sockets[0].terminate()
  assert.equal(await next(events), 'QUEUED')
  await executed(connected(), CANCEL, { threadId })
  assert.equal(await next(events), 'CANCELED')
  assert.equal(await next(events), null)
  assert.equal(client.sockets.length, 2)
})

check('subscription_continues_after_the_server_is_stopped_or_killed_and_restarted', async () => {
  let server = await started(given.program)
  const client = connected(server.url, {
    shouldRetry: () => true,
    retryAttempts: Infinity,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 50)),
  })
  // By another client, since this one is lazy and would close its socket in between.
  const threadId = await queued(connected(server.url))
  const events = watched(client, threadId)
  assert.equal(await next(events), 'QUEUED')
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    await server.stop(signal)
    server = await started(given.program, server.port)
    assert.equal(await next(events), 'QUEUED')
  }
  await executed(client, CANCEL, { threadId })
  assert.equal(await next(events), 'CANCELED')
  assert.equal(await next(events), null)
  assert.ok([1001, 1012].includes(client.closes[0]), `closed with ${client.closes[0]}`)
})

check('token_in_connection_init_is_accepted', async () => {
  const connectionParams = { authorization: `Bearer ${given.token}` }
  const { data } = await executed(connected(given.guardedUrl, { connectionParams }), SESSIONS, { first: 1 })
  assert.equal(data.sessions.totalCount, 0)
})

check('wrong_token_is_refused', async () => {
  // Without retries: the client considers this close code to be retriable.
  const options = { connectionParams: { authorization: 'Bearer wrong' }, retryAttempts: 0 }
  const { code } = await failed(connected(given.guardedUrl, options), SESSIONS, { first: 1 })
  assert.equal(code, 4403)
})

check('missing_token_is_refused', async () => {
  const { code } = await failed(connected(given.guardedUrl, { retryAttempts: 0 }), SESSIONS, { first: 1 })
  assert.equal(code, 4401)
})

await report()
