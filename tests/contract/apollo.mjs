// Apollo Client with its normalized cache, over HTTP with subscriptions over a websocket, and over HTTP only.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { relayStylePagination } from '@apollo/client/utilities'
import { OperationTypeNode, version } from 'graphql'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { check, given, report } from './checks.mjs'
import { DELETE, LONG_SESSION, RENAME, RESUME, SESSIONS, SHORT_SESSION, TASK, WATCH } from './operations.mjs'

// GraphQLWsLink uses the global WebSocket, which older versions of Node.js lack.
globalThis.WebSocket ??= WebSocket

const cache = () =>
  new InMemoryCache({
    typePolicies: { Query: { fields: { sessions: relayStylePagination(['filter', 'orderBy']) } } },
  })
const http = (uri = given.url) => new HttpLink({ uri })
const overSockets = () => {
  const socket = createClient({ url: given.url.replace('http', 'ws'), webSocketImpl: WebSocket })
  const isSubscription = ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION
  return new ApolloClient({
    link: ApolloLink.split(isSubscription, new GraphQLWsLink(socket), http()),
    cache: cache(),
  })
}
const overHttp = (uri) => new ApolloClient({ link: http(uri), cache: cache() })

/** The states that a subscription receives; `onState` is called with each. */
function followed(client, threadId, onState = () => {}) {
  const tasks = []
  return new Promise((resolve, reject) => {
    client.subscribe({ query: gql(WATCH), variables: { threadId } }).subscribe({
      next: ({ data, error }) => {
        if (error) return reject(error)
        tasks.push(data.resumeTask)
        onState(data.resumeTask)
      },
      error: reject,
      complete: () => resolve(tasks),
    })
  })
}

async function resumed(client, sessionId) {
  const { data } = await client.mutate({ mutation: gql(RESUME), variables: { input: { sessionId } } })
  assert.deepEqual(data.resumeSession.userErrors, [])
  return data.resumeSession.resumeTask.threadId
}

async function failure(run) {
  const error = await run.then(() => assert.fail('expected an error'), (reason) => reason)
  assert.ok(CombinedGraphQLErrors.is(error), `${error.name}: ${error.message}`)
  return error.errors.map(({ extensions }) => extensions.code)
}

/** A watched list, when its first page has arrived. */
function opened(client, variables) {
  const list = client.watchQuery({ query: gql(SESSIONS), variables })
  return new Promise((resolve, reject) => {
    list.subscribe(({ dataState, error }) => {
      if (error) reject(error)
      // An optimistic update in the same turn would not be seen.
      if (dataState === 'complete') setTimeout(() => resolve(list))
    })
  })
}
const shown = (list) => list.getCurrentResult().data.sessions

/** Resolves when `condition` holds: the cache notifies its watchers asynchronously. */
async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Merges objects without an id, as docs/api.md has it. */
const merging = {
  TokenUsage: { merge: true },
  Message: {
    fields: {
      content: {
        merge: (known, blocks, { mergeObjects }) =>
          blocks.map((block, index) => {
            const old = known?.[index]
            const result = old?.result && block.result && mergeObjects(old.result, block.result)
            return { ...mergeObjects(old, block), ...(result && { result }) }
          }),
      },
    },
  },
}

const ids = ({ edges }) => edges.map(({ node }) => node.id)

check('pages_fetched_in_turn_are_merged_into_one_cached_list', async () => {
  const client = overSockets()
  const list = await opened(client, { first: 3 })
  while (shown(list).pageInfo.hasNextPage) {
    const before = ids(shown(list)).length
    await list.fetchMore({ variables: { after: shown(list).pageInfo.endCursor } })
    await until(() => ids(shown(list)).length > before)
  }
  const whole = await client.query({ query: gql(SESSIONS), variables: { first: 500 }, fetchPolicy: 'no-cache' })
  assert.ok(shown(list).totalCount > 3)
  assert.equal(ids(shown(list)).length, shown(list).totalCount)
  assert.deepEqual(ids(shown(list)), ids(whole.data.sessions))
})

check('views_that_select_different_fields_of_objects_without_an_id_do_not_fetch_each_other_again', async () => {
  let requests = 0
  const counted = new ApolloLink((operation, forward) => {
    requests += 1
    return forward(operation)
  })
  const client = new ApolloClient({
    link: ApolloLink.from([counted, http()]),
    cache: new InMemoryCache({ typePolicies: merging }),
  })
  const parts = [
    'usage { totalTokens } messages(first: 9) { nodes { id content { position ... on TextBlock { text } } } }',
    'usage { inputTokens outputTokens }',
    'messages(first: 9) { nodes { id content { ... on ToolUseBlock { name result { text } } } } }',
    'messages(first: 9) { nodes { id content { ... on ToolUseBlock { result { isError } } } } }',
  ]
  const seen = []
  for (const [place, part] of parts.entries()) {
    const query = gql(`query ($id: ID!) { session(id: $id) { id ${part} } }`)
    client.watchQuery({ query, variables: { id: SHORT_SESSION } }).subscribe(({ data, dataState }) => {
      if (dataState === 'complete') seen[place] = data
    })
    await until(() => seen[place])
  }
  // A view that lacks a field requests it again in the next turns.
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(requests, parts.length)
  const [{ session }] = seen
  assert.ok(session.usage.totalTokens > 0)
  assert.ok(session.messages.nodes.some(({ content }) => content.some(({ text }) => text)))
})

check('progress_of_a_resume_updates_watched_queries', async () => {
  const client = overSockets()
  const threadId = await resumed(client, LONG_SESSION)
  const seen = []
  const query = { query: gql(TASK), variables: { threadId } }
  client.watchQuery(query).subscribe(({ data, dataState }) => {
    if (dataState === 'complete') seen.push(data.resumeTask)
  })
  const tasks = await followed(client, threadId)
  await until(() => seen.at(-1)?.state === 'READY')
  const written = tasks.map(({ itemsWritten }) => itemsWritten)
  assert.deepEqual(written, [...written].sort((a, b) => a - b))
  assert.deepEqual(seen.at(-1), tasks.at(-1))
  assert.equal(seen.at(-1).itemsWritten, seen.at(-1).itemsTotal)
  assert.ok(seen.length > 2, `the watcher saw ${JSON.stringify(seen)}`)
})

check('subscription_over_http_follows_a_task_to_its_final_state', async () => {
  const client = overHttp()
  const tasks = await followed(client, await resumed(client, SHORT_SESSION))
  const { state, itemsWritten, itemsTotal } = tasks.at(-1)
  assert.deepEqual([state, itemsWritten], ['READY', itemsTotal])
})

check('subscription_to_an_unknown_thread_fails_with_a_code_over_http', async () => {
  assert.deepEqual(await failure(followed(overHttp(), 'thr_unknown')), ['NOT_FOUND'])
})

check('subscription_to_an_unknown_thread_fails_with_a_code_over_a_websocket', async () => {
  assert.deepEqual(await failure(followed(overSockets(), 'thr_unknown')), ['NOT_FOUND'])
})

check('evicting_a_deleted_session_removes_it_from_the_list', async () => {
  const client = overSockets()
  const list = await opened(client, { first: 500 })
  const [sessionId, ...others] = ids(shown(list))
  await client.mutate({
    mutation: gql(DELETE),
    variables: { sessionId },
    update(store, { data: { deleteSession } }) {
      store.evict({ id: store.identify({ __typename: 'Session', id: deleteSession.deletedSessionId }) })
      store.gc()
    },
  })
  await until(() => ids(shown(list)).length === others.length)
  assert.deepEqual(ids(shown(list)), others)
  await list.refetch()
  assert.deepEqual(ids(shown(list)), others)
})

/** A client whose mutations wait until `answer` is called. */
function held() {
  let answer
  const answered = new Promise((resolve) => (answer = resolve))
  const waiting = async (uri, options) => {
    if (options.body.includes('mutation')) await answered
    return fetch(uri, options)
  }
  return { client: new ApolloClient({ link: new HttpLink({ uri: given.url, fetch: waiting }), cache: cache() }), answer }
}

/** Deletes a session and expects that the server does. */
function deleted(client, sessionId) {
  return client.mutate({
    mutation: gql(DELETE),
    variables: { sessionId },
    optimisticResponse: {
      deleteSession: { __typename: 'DeleteSessionPayload', deletedSessionId: sessionId, userErrors: [] },
    },
    update(store, { data }) {
      const id = data.deleteSession.deletedSessionId
      store.modify({
        fields: {
          sessions: (list, { readField }) => ({
            ...list,
            edges: list.edges.filter(({ node }) => readField('id', node) !== id),
          }),
        },
      })
    },
  })
}

check('an_optimistic_deletion_shows_before_the_answer', async () => {
  const { client, answer } = held()
  const list = await opened(client, { first: 500 })
  const [sessionId, ...others] = ids(shown(list))
  const mutation = deleted(client, sessionId)
  await until(() => ids(shown(list)).length === others.length)
  answer()
  await mutation
  assert.deepEqual(ids(shown(list)), others)
})

check('an_optimistic_deletion_that_is_refused_is_taken_back', async () => {
  const { client, answer } = held()
  const list = await opened(client, { first: 500 })
  const before = ids(shown(list))
  await deleted(overHttp(), before[0])
  const mutation = deleted(client, before[0])
  await until(() => ids(shown(list)).length === before.length - 1)
  answer()
  const { data } = await mutation
  assert.deepEqual(data.deleteSession.userErrors.map(({ code }) => code), ['NOT_FOUND'])
  await until(() => ids(shown(list)).length === before.length)
})

check('renaming_a_session_updates_the_list_without_another_request', async () => {
  const client = overSockets()
  const list = await opened(client, { first: 2 })
  const [sessionId] = ids(shown(list))
  const input = { sessionId, title: 'Named by Apollo' }
  await client.mutate({ mutation: gql(RENAME), variables: { input } })
  await until(() => shown(list).edges[0].node.title === input.title)
})

check('expected_failure_of_a_mutation_is_data', async () => {
  const input = { sessionId: 'nobody', title: 'Any' }
  const { data, error } = await overSockets().mutate({ mutation: gql(RENAME), variables: { input } })
  assert.equal(error, undefined)
  assert.deepEqual(data.updateSession.userErrors.map(({ code }) => code), ['NOT_FOUND'])
})

check('invalid_document_is_a_combined_error_with_its_code', async () => {
  const run = overSockets().query({ query: gql`query Wrong { sessions { unknownField } }` })
  assert.deepEqual(await failure(run), ['GRAPHQL_VALIDATION_FAILED'])
})

check('refused_argument_is_a_combined_error_with_its_code', async () => {
  const run = overSockets().query({ query: gql(SESSIONS), variables: { first: -1 } })
  assert.deepEqual(await failure(run), ['BAD_USER_INPUT'])
})

check('variable_of_the_wrong_type_is_a_combined_error_with_its_code', async () => {
  const run = overSockets().query({ query: gql(SESSIONS), variables: { first: 'many' } })
  assert.deepEqual(await failure(run), ['BAD_USER_INPUT'])
})

check('missing_token_is_a_combined_error_with_its_code', async () => {
  const run = overHttp(given.guardedUrl).query({ query: gql(SESSIONS), variables: { first: 1 } })
  assert.deepEqual(await failure(run), ['UNAUTHENTICATED'])
})

check('persisted_queries_are_registered_once_then_run_by_their_hashes', async () => {
  const sent = []
  const observed = async (uri, options) => {
    sent.push([options.method, new URL(uri).searchParams.has('query') || !!JSON.parse(options.body ?? '{}').query])
    return fetch(uri, options)
  }
  const titles = gql`query Titles($first: Int) { sessions(first: $first) { edges { node { title } } } }`
  const sha256 = (text) => createHash('sha256').update(text).digest('hex')
  const link = ApolloLink.from([
    new PersistedQueryLink({ sha256, useGETForHashedQueries: true }),
    new HttpLink({ uri: given.url, fetch: observed }),
  ])
  for (let visits = 0; visits < 2; visits++) {
    const client = new ApolloClient({ link, cache: cache() })
    const { data } = await client.query({ query: titles, variables: { first: visits + 1 } })
    assert.equal(data.sessions.edges.length, visits + 1)
    const rename = client.mutate({ mutation: gql(RENAME), variables: { input: { sessionId: 'nobody', title: 'Any' } } })
    assert.deepEqual((await rename).data.updateSession.userErrors.map(({ code }) => code), ['NOT_FOUND'])
  }
  assert.deepEqual(sent.slice(0, 2), [['GET', false], ['POST', true]])
  assert.deepEqual(sent.slice(-2), [['GET', false], ['POST', false]])
})

check('the_client_uses_the_version_of_graphql_that_is_tested', async () => {
  assert.equal(version.split('.')[0], String(given.graphql))
})

await report()
