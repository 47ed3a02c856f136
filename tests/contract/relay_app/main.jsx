// Reads whole lists by pressing the buttons of the components, and compares them with what single requests give.
import { Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { fetchQuery, graphql, RelayEnvironmentProvider } from 'react-relay'
import { environment } from './environment.jsx'
import { resumed } from './resume.js'
import { Thread } from './thread.jsx'
import { Transcript } from './transcript.jsx'

/** Fails with the message unless the lists are equal. */
function same(found, expected, what) {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`)
  }
}

async function fetched(url, query, id) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables: { id } }) })
  return (await response.json()).data
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve, 5))
}

/** Renders an element, presses its buttons until there are none, and calls `read` with the container. */
async function shown(element, read) {
  const container = document.body.appendChild(document.createElement('main'))
  const root = createRoot(container)
  root.render(
    <RelayEnvironmentProvider environment={environment}>
      <Suspense fallback={<p>Loading</p>}>{element}</Suspense>
    </RelayEnvironmentProvider>,
  )
  let presses = 0
  while (!container.querySelector('li') || container.querySelector('p, button')) {
    const button = container.querySelector('button:not([disabled])')
    const before = container.innerHTML
    if (button && !container.querySelector('p')) {
      presses++
      button.click()
    }
    do await pause()
    while (container.innerHTML === before || container.querySelector('button[disabled]'))
  }
  const found = read(container)
  root.unmount()
  return { found, presses }
}

const ids = (container, selector) => [...container.querySelectorAll(selector)].map(({ id }) => id)

/** The number of records in the store by their type. */
function counted() {
  const source = environment.getStore().getSource()
  const counts = {}
  for (const id of source.getRecordIDs()) {
    const type = source.get(id)?.__typename
    counts[type] = (counts[type] ?? 0) + 1
  }
  return counts
}

/** Named checks for `checks.mjs`. */
export function checks({ url, sessionId }) {
  return {
    async pages_of_messages_make_a_whole_transcript() {
      const texts = (container) => [...container.querySelectorAll('li')].map(({ textContent }) => textContent)
      const { found, presses } = await shown(<Transcript id={sessionId} />, texts)
      const query = 'query ($id: ID!) { session(id: $id) { messages(first: 500) { nodes { text } } } }'
      same(found, (await fetched(url, query, sessionId)).session.messages.nodes.map(({ text }) => text), 'messages')
      same([presses > 0, counted().Message], [true, found.length], 'presses and records')
    },
    async pages_of_turns_and_items_make_a_whole_thread() {
      const threadId = await resumed(environment, sessionId)
      const { found, presses } = await shown(<Thread id={threadId} />, (container) => [
        ids(container, 'section'),
        ids(container, 'li'),
      ])
      const query =
        'query ($id: ID!) { thread(id: $id) { turns(first: 30) { nodes { id items(first: 100) { nodes { id } } } } } }'
      const turns = (await fetched(url, query, threadId)).thread.turns.nodes
      same(found[0], turns.map(({ id }) => id), 'turns')
      same(found[1], turns.flatMap(({ items }) => items.nodes.map(({ id }) => id)), 'items')
      same([presses > 2, counted().Turn], [true, turns.length], 'presses and records')
    },
    async an_object_in_the_store_is_found_by_its_id() {
      const list = graphql`
        query mainListQuery {
          sessions(first: 1) { edges { node { id title } } }
        }
      `
      const { sessions } = await fetchQuery(environment, list, {}).toPromise()
      const [{ node: listed }] = sessions.edges
      const send = globalThis.fetch
      let requests = 0
      globalThis.fetch = (...args) => {
        requests++
        return send(...args)
      }
      const query = graphql`
        query mainQuery($id: ID!) {
          node(id: $id) { ... on Session { title } }
          session(id: $id) { title }
        }
      `
      const policy = { fetchPolicy: 'store-or-network' }
      const { node, session } = await fetchQuery(environment, query, { id: listed.id }, policy).toPromise()
      globalThis.fetch = send
      same([node.title, session.title, requests], [listed.title, listed.title, 0], 'titles and requests')
    },
  }
}
