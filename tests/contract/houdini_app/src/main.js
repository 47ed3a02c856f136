// Lists of Houdini's documents, loaded page by page into its cache.
import { HoudiniClient } from '$houdini'
import turns from '$houdini/artifacts/ThreadTurns_Pagination_Query'
import messages from '$houdini/artifacts/Transcript'
import items from '$houdini/artifacts/TurnItems_Pagination_Query'
import { cursorHandlers } from 'houdini/runtime/pagination'

const client = new HoudiniClient()

/** The ids of a whole list and the number of its pages. `parent` is where the list's object stands in the data. */
async function whole(artifact, parent, id) {
  const store = client.observe({ artifact })
  const unsubscribe = store.subscribe(() => undefined)
  await store.send({ variables: { id }, fetch, session: {} })
  const list = () => store.state.data[parent][artifact.refetch.path.at(-1)]
  const handlers = cursorHandlers({
    artifact,
    getState: () => (parent === 'node' ? store.state.data.node : store.state.data),
    getVariables: () => store.state.variables,
    getSession: async () => ({}),
    fetch: (params) => store.send({ ...params, fetch }),
    fetchUpdate: (params, updates) => store.send({ ...params, fetch, cacheParams: { applyUpdates: updates } }),
  })
  let pages = 1
  for (; list().pageInfo.hasNextPage; pages++) await handlers.loadNextPage()
  for (; list().pageInfo.hasPreviousPage; pages++) await handlers.loadPreviousPage()
  unsubscribe()
  return { pages, ids: list().edges.map(({ node }) => node.id) }
}

export const messagesOf = (sessionId) => whole(messages, 'session', sessionId)
export const turnsOf = (threadId) => whole(turns, 'node', threadId)
export const itemsOf = (turnId) => whole(items, 'node', turnId)
