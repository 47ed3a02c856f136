// @urql/core, as its documentation sets it up.
import assert from 'node:assert/strict'
import { cacheExchange, Client, fetchExchange, subscriptionExchange } from '@urql/core'
import { persistedExchange } from '@urql/exchange-persisted'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { check, given, report } from './checks.mjs'
import { CANCEL, LONG_SESSION, RENAME, RESUME, SESSIONS, WATCH } from './operations.mjs'

const sent = []
const socket = createClient({ url: given.url.replace('http', 'ws'), webSocketImpl: WebSocket })
const client = (options = {}) =>
  new Client({
    url: given.url,
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query: query ?? '', variables }, sink) }),
        }),
      }),
    ],
    fetch: (url, request) => {
      sent.push(request.method)
      return fetch(url, request)
    },
    ...options,
  })

check('query_is_answered', async () => {
  const { data, error } = await client({ preferGetMethod: false }).query(SESSIONS, { first: 2 }).toPromise()
  assert.equal(error, undefined)
  assert.equal(data.sessions.edges.length, 2)
  assert.equal(sent.at(-1), 'POST')
})

check('query_by_get_is_answered', async () => {
  const { data, error } = await client({ preferGetMethod: 'force' }).query(SESSIONS, { first: 2 }).toPromise()
  assert.equal(error, undefined)
  assert.equal(data.sessions.edges.length, 2)
  assert.equal(sent.at(-1), 'GET')
})

check('mutation_invalidates_the_cached_list', async () => {
  const one = client({ preferGetMethod: false })
  const before = await one.query(SESSIONS, { first: 1 }).toPromise()
  const [{ node }] = before.data.sessions.edges
  const title = `0 ${node.title}`.slice(0, 100)
  const { data, error } = await one.mutation(RENAME, { input: { sessionId: node.id, title } }).toPromise()
  assert.equal(error, undefined)
  assert.deepEqual(data.updateSession.userErrors, [])
  const after = await one.query(SESSIONS, { first: 1 }).toPromise()
  assert.equal(after.data.sessions.edges[0].node.title, title)
})

check('error_has_its_code', async () => {
  const { error } = await client().query(SESSIONS, { first: -1 }).toPromise()
  assert.equal(error.networkError, undefined)
  assert.deepEqual(error.graphQLErrors.map(({ extensions }) => extensions.code), ['BAD_USER_INPUT'])
})

check('subscription_follows_a_task_to_its_final_state', async () => {
  const one = client()
  const { data } = await one.mutation(RESUME, { input: { sessionId: LONG_SESSION } }).toPromise()
  const { threadId } = data.resumeSession.resumeTask
  const states = []
  await new Promise((resolve, reject) => {
    const { unsubscribe } = one.subscription(WATCH, { threadId }).subscribe((result) => {
      if (result.error) return reject(result.error)
      states.push(result.data.resumeTask.state)
      if (states.length === 1) one.mutation(CANCEL, { threadId }).toPromise()
      if (states.at(-1) === 'CANCELED') setTimeout(() => resolve(unsubscribe()))
    })
  })
  // urql repeats the last result when the subscription completes.
  assert.deepEqual([...new Set(states)], ['QUEUED', 'CANCELED'])
})

check('persisted_queries_are_registered_once_then_run_by_their_hashes', async () => {
  const bodies = []
  const observed = async (url, request) => {
    bodies.push(JSON.parse(request.body))
    return fetch(url, request)
  }
  for (let visits = 0; visits < 2; visits++) {
    const one = new Client({
      url: given.url,
      preferGetMethod: false,
      exchanges: [persistedExchange({ preferGetForPersistedQueries: false }), fetchExchange],
      fetch: observed,
    })
    const { data, error } = await one.query(`{ sessions(first: 3) { edges { cursor } } }`, {}).toPromise()
    assert.equal(error, undefined)
    assert.equal(data.sessions.edges.length, 3)
  }
  assert.deepEqual(bodies.map(({ query }) => Boolean(query)), [false, true, false])
})

check('subscription_by_its_hash_over_a_websocket', async () => {
  const payloads = []
  const one = () => new Client({
    url: given.url,
    preferGetMethod: false,
    exchanges: [
      persistedExchange({ preferGetForPersistedQueries: false, enableForSubscriptions: true }),
      subscriptionExchange({
        forwardSubscription: (payload) => {
          payloads.push(payload)
          // graphql-ws wants a string.
          const request = { ...payload, query: payload.query ?? '' }
          return { subscribe: (sink) => ({ unsubscribe: socket.subscribe(request, sink) }) }
        },
      }),
    ],
  })
  const changes = 'subscription Changes { sessionChanges(since: 0) { kind } }'
  for (let visits = 0; visits < 2; visits++) {
    const kind = await new Promise((resolve, reject) => {
      const { unsubscribe } = one().subscription(changes, {}).subscribe(({ data, error }) => {
        if (error) return reject(error)
        setTimeout(() => unsubscribe())
        resolve(data.sessionChanges.kind)
      })
    })
    assert.equal(kind, 'CREATED')
  }
  assert.deepEqual(payloads.map(({ query }) => Boolean(query)), [false, true, false])
})

await report()
