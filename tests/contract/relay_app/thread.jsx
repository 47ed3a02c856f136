// The lists of a thread that was resumed: its turns, and the items of each.
import { graphql, useLazyLoadQuery, usePaginationFragment } from 'react-relay'

export function Thread({ id }) {
  const { thread } = useLazyLoadQuery(
    graphql`
      query threadQuery($id: ID!) {
        thread(id: $id) { ...thread_turns }
      }
    `,
    { id },
  )
  return <Turns thread={thread} />
}

function Turns({ thread }) {
  const { data, hasPrevious, loadPrevious } = usePaginationFragment(
    graphql`
      fragment thread_turns on Thread
      @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" })
      @refetchable(queryName: "threadTurnsPageQuery") {
        turns(last: $count, before: $cursor) @connection(key: "thread_turns") {
          edges { node { id ...thread_items } }
        }
      }
    `,
    thread,
  )
  return (
    <>
      {hasPrevious && <button onClick={() => loadPrevious(3)}>Earlier</button>}
      {data.turns.edges.map(({ node }) => (
        <section key={node.id} id={node.id}>
          <Items turn={node} />
        </section>
      ))}
    </>
  )
}

function Items({ turn }) {
  const { data, hasNext, loadNext } = usePaginationFragment(
    graphql`
      fragment thread_items on Turn
      @argumentDefinitions(count: { type: "Int", defaultValue: 3 }, cursor: { type: "String" })
      @refetchable(queryName: "threadItemsPageQuery") {
        items(first: $count, after: $cursor) @connection(key: "thread_items") {
          edges { node { id summary } }
        }
      }
    `,
    turn,
  )
  return (
    <ol>
      {data.items.edges.map(({ node }) => <li key={node.id} id={node.id}>{node.summary}</li>)}
      {hasNext && <button onClick={() => loadNext(4)}>More</button>}
    </ol>
  )
}
