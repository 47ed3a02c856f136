// Houdini's runtime and cache on documents with @paginate: node houdini_app.mjs '{"bundle": PATH, ...}'
import assert from 'node:assert/strict'
import { check, given, report } from './checks.mjs'

// Without a window, Houdini's cache is disabled.
globalThis.window = globalThis
const { itemsOf, messagesOf, turnsOf } = await import(given.bundle)

async function fetched(query, variables) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(given.url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
  return (await response.json()).data
}

const ids = ({ nodes }) => nodes.map(({ id }) => id)
const RESUME = 'mutation ($input: ResumeSessionInput!) { resumeSession(input: $input) { resumeTask { threadId } } }'
const TASK = 'query ($id: ID!) { resumeTask(threadId: $id) { state } }'
const THREAD = 'query ($id: ID!) { thread(id: $id) { turns(first: 30) { nodes { id items(first: 100) { nodes { id } } } } } }'

/** The turns of a thread into which the session was resumed, and its id. */
async function resumed() {
  const { resumeSession } = await fetched(RESUME, { input: { sessionId: given.sessionId } })
  const id = resumeSession.resumeTask.threadId
  while ((await fetched(TASK, { id })).resumeTask.state !== 'READY') {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { id, turns: (await fetched(THREAD, { id })).thread.turns }
}

check('a_paginated_query_reads_all_messages', async () => {
  const query = 'query ($id: ID!) { session(id: $id) { messages(first: 500) { nodes { id } } } }'
  const { session } = await fetched(query, { id: given.sessionId })
  const whole = await messagesOf(given.sessionId)
  assert.deepEqual(whole.ids, ids(session.messages))
  assert.ok(whole.pages > 2)
})

check('a_paginated_fragment_reads_all_turns_backward', async () => {
  const { id, turns } = await resumed()
  const whole = await turnsOf(id)
  assert.deepEqual(whole.ids, ids(turns))
  assert.ok(whole.pages > 2)
})

check('a_paginated_fragment_reads_all_items_forward', async () => {
  const { turns } = await resumed()
  const turn = turns.nodes.find(({ items }) => items.nodes.length > 3)
  const whole = await itemsOf(turn.id)
  assert.deepEqual(whole.ids, ids(turn.items))
  assert.ok(whole.pages > 1)
})

await report()
