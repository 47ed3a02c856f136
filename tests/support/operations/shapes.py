"""Operations whose selections or answers have an unusual shape. Each is a risk for prepared execution."""

from tests.support.operations.case import BOTH, BROKEN, ERRORS, Case

SHAPES: dict[str, Case] = {
    # What is merged.
    "merged-with-other-selections": Case(
        "{ RICH { id messages(first: 2) { nodes { id } } } RICH { title messages(first: 2) { nodes { role "
        "...M } totalCount } } } fragment M on Message { text position }"
    ),
    "merged-three-levels-down": Case(
        "{ sessions(first: 3) { nodes { parent { parent { id } } } } sessions(first: 3) { nodes { parent { id"
        " parent { title } } title } edges { node { id } } } }"
    ),
    "merged-lists-keep-the-first-place": Case("{ a: __typename RICH { id } b: __typename RICH { title } }"),
    "merged-in-fragments-of-a-kind": Case(
        "{ RICH { messages { nodes { content { ... on TextBlock { text } position ... on TextBlock { text "
        "position } ... on ToolUseBlock { position name } __typename } } } } }"
    ),
    "same-leaf-many-times": Case("{ RICH { id id ... { id ... { id } } ...S ...S } } fragment S on Session { id }"),
    "same-name-of-two-kinds": Case(
        "{ THREAD { turns { nodes { items { nodes { ... on ToolCallItem { kind } ... on OtherItem { "
        "blockKind } ... on UserMessageItem { text } ... on ReasoningItem { text } } } } } } }"
    ),
    # Fragments.
    "one-fragment-on-an-interface-in-two-places": Case(
        "{ THREAD { turns { nodes { items { nodes { ...Item } } } } events { seq item { ...Item } } } }"
    ),
    "one-fragment-on-two-parents": Case(
        "{ a: RICH { ...S } sessions(first: 2) { edges { node { ...S } } nodes { ...S parent { ...S } } } } "
        "fragment S on Session { id title }"
    ),
    "blocks-by-an-interface": Case("{ RICH { messages { nodes { content { ...Block } } } } }"),
    "interface-within-a-kind-within-an-interface": Case(
        "{ RICH { messages { nodes { content { ... on TextBlock { ... on ContentBlock { position ... on "
        "TextBlock { text } } } } } } } }"
    ),
    "fragment-that-fits-nobody-there": Case(
        "{ RICH { messages(first: 1) { nodes { content { ... on OtherBlock { blockKind } } } } } }"
    ),
    "nested-named-fragments": Case(
        "{ ...Q } fragment Q on Query { sessions(first: 2) { ...C } } fragment C on SessionConnection { nodes"
        " { ...S } pageInfo { ...P } } fragment S on Session { id } fragment P on PageInfo { endCursor }"
    ),
    "inline-fragment-without-a-type": Case("{ ... { RICH { ... { id } ... @include(if: true) { title } } } }"),
    "typename-everywhere": Case(
        "{ __typename t: __typename sessions(first: 2) { __typename edges { __typename node { __typename u: "
        "__typename } } pageInfo { __typename } nodes { __typename messages(first: 1) { __typename nodes { "
        "__typename content { __typename } } } } } }"
    ),
    "nothing-but-typename": Case("{ __typename }"),
    # Directives.
    "skip-on-a-spread": Case(
        "query ($s: Boolean!) { RICH { id ...S @skip(if: $s) } } fragment S on Session { title mode }",
        variables=({"s": True}, {"s": False}),
    ),
    "include-on-an-inline-fragment": Case(
        "query ($i: Boolean = false) { RICH { id ... on Session @include(if: $i) { title } } }",
        variables=({}, {"i": True}),
    ),
    "both-directives": Case(
        "query ($a: Boolean!, $b: Boolean!) { RICH { id a: title @skip(if: $a) @include(if: $b) b: title "
        "@include(if: $a) @skip(if: $b) c: title @skip(if: false) @include(if: true) } }",
        variables=({"a": False, "b": True}, {"a": True, "b": False}),
    ),
    "all-is-skipped": Case("{ sessions(first: 1) @skip(if: true) { totalCount } }"),
    "all-below-is-skipped": Case(
        "{ RICH { id @skip(if: true) } sessions(first: 2) { nodes { id @include(if: false) } } }"
    ),
    "skipped-once-and-asked-for-once": Case(
        "query ($s: Boolean!) { RICH { title @skip(if: $s) ...S messages(first: 1) @skip(if: $s) { nodes { id"
        " } } messages(first: 1) { totalCount } } } fragment S on Session { title @include(if: $s) }",
        variables=({"s": True}, {"s": False}),
    ),
    "a-skipped-field-is-not-asked": Case(
        'query ($s: Boolean!) { sessions(after: "x") @skip(if: $s) { totalCount } __typename }',
        variables=({"s": True},),
    ),
    "condition-of-null": Case(
        "query ($s: Boolean = true) { RICH { id @skip(if: $s) } }", BOTH, variables=({"s": None},)
    ),
    "condition-is-missing": Case("query ($s: Boolean!) { RICH { id @skip(if: $s) } }", ERRORS, variables=({},)),
    "unknown-directive": Case("query @live { __typename }", ERRORS),
    "directive-on-an-operation": Case("query @skip(if: true) { __typename }", ERRORS),
    # Connections.
    "edges-nodes-and-page-info-at-once": Case(
        "{ sessions(first: 3) { edges { cursor node { id } } nodes { title } totalCount pageInfo { "
        "startCursor endCursor hasNextPage hasPreviousPage } again: pageInfo { endCursor } } }"
    ),
    "one-connection-twice": Case(
        "{ RICH { a: messages(first: 1) { nodes { id } } b: messages(last: 1) { nodes { id } pageInfo { "
        "hasPreviousPage } } c: messages(roles: [TOOL, SYSTEM]) { totalCount edges { cursor node { role } } }"
        " } }"
    ),
    "by-cursors-back-and-forth": Case(
        '{ RICH { a: messages(first: 2, after: "<MessageConnection 1>") { nodes { position } pageInfo { '
        'hasNextPage hasPreviousPage } } b: messages(last: 2, before: "<MessageConnection 2>") { edges { '
        'cursor } } c: messages(after: "<MessageConnection 0>", before: "<MessageConnection 2>") { nodes { '
        "position } totalCount } } }"
    ),
    "cursor-of-another-list": Case(
        '{ RICH { id messages(after: "<SessionConnection 1>") { totalCount } } sessions(first: 1) { nodes { id } } }',
        BOTH,
    ),
    "pages-of-nobody": Case(
        '{ session(id: "no-message") { messages { nodes { id } edges { cursor } totalCount pageInfo { '
        'startCursor endCursor hasNextPage hasPreviousPage } } } search(query: "nowhere") { nodes { score } '
        "pageInfo { endCursor } totalCount } }"
    ),
    "a-page-in-a-page-in-a-page": Case(
        "{ sessions(first: 4) { nodes { thread { turns(first: 3) { nodes { items(first: 2) { nodes { ...Item "
        "} pageInfo { hasNextPage } totalCount } } } } } } }"
    ),
    "deep-way-back": Case(
        "{ RICH { messages(first: 2) { nodes { session { messages(last: 1) { nodes { session { id } } } } } } } }"
    ),
    "children-in-children": Case(
        "{ sessions(first: 5, orderBy: {field: TITLE}) { nodes { id children(first: 3) { nodes { "
        "id children(first: 2) { edges { cursor node { id kind } } totalCount } } totalCount "
        "changeSeq pageInfo { hasNextPage hasPreviousPage endCursor } } } changeSeq } }",
    ),
    "results-of-calls": Case(
        "{ RICH { messages { nodes { content { ... on ToolUseBlock { toolUseId result { text isError position "
        "images { url position } message { id usage { totalTokens } content(first: 2) { position } } } } "
        "... on ToolResultBlock { message { position model } } } } } } }"
    ),
    "what-agents-recorded": Case(
        '{ a: RICH { metadata document usage { inputTokens totalTokens } } b: session(id: "broken-0") { metadata '
        'usage { totalTokens } } c: session(id: "broken-2") { id metadata document } }',
        BOTH,
    ),
    "tasks-of-every-state": Case(
        "{ resumeTasks { nodes { id state progress error { code message } attempt revision queuePosition "
        "itemsWritten itemsTotal createdAt startedAt finishedAt session { id } thread { id session { id } "
        "resumeTask { id } } } } }",
        BOTH,
    ),
    "nodes-of-every-type": Case(
        'query ($ids: [ID!]! = ["every-kind", "every-kind:2", "root:0", "nobody", "thr_<digits every-kind>", '
        '"tsk_<digits every-kind>", "turn_<digits every-kind>_0", "item_<digits every-kind>_0_0", '
        '"item_<digits every-kind>_0_2", "item_<digits every-kind>_0_9"]) { nodes(ids: $ids) { __typename id ...N '
        "... on ThreadItem { position summary } ... on ToolCallItem { input } } "
        'a: node(id: "root") { ...N } b: node(id: "root:1") { ...N ... on Message { session { id } } } } '
        "fragment N on Node { ... on Session { title messages(first: 2) { nodes { id text } } } "
        "... on Message { position content { position } usage { totalTokens } } ... on Thread { name: title "
        "turns(first: 1) { nodes { id } } } ... on Turn { items(first: 2) { nodes { id } } } ... on ResumeTask { state "
        "thread { id } } }",
        variables=({}, {"ids": ["every-kind:1", "x:1", "every-kind:1"]}, {"ids": []}),
    ),
    "nodes-of-broken-rows": Case(
        '{ nodes(ids: ["broken-0:1", "broken-0:0", "every-kind:0"]) { id ... on Message { text } } '
        'node(id: "broken-0:1") { id ... on Message { content { position } } } }',
        BOTH,
    ),
    "too-many-nodes": Case(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ERRORS, variables=({"ids": [str(n) for n in range(101)]},)
    ),
    "texts-that-are-cut": Case(
        "query ($n: Int) { RICH { messages(first: 30) { nodes { summary short: summary(maxLength: 9) "
        "text(maxLength: $n) whole: text } } } }",
        variables=({}, {"n": 3}, {"n": None}),
    ),
    "messages-from-a-position": Case(
        "query ($from: Int) { RICH { a: messages(first: 2, from: $from) { nodes { id } totalCount pageInfo { "
        "hasNextPage hasPreviousPage } } b: messages(last: 2, from: $from, isInjected: false) { edges { node { id } } "
        "totalCount pageInfo { hasNextPage hasPreviousPage } } c: messages(isInjected: true) { nodes { id } } } }",
        variables=({}, {"from": 4}, {"from": None}),
    ),
    "threads-of-a-session": Case(
        "{ threads(first: 3) { nodes { id title } totalCount pageInfo { hasNextPage } } of: threads(sessionId: "
        '"marked") { edges { cursor node { session { id } } } } resumeTasks(sessionId: "marked") { totalCount } }'
    ),
    "sessions-with-hits": Case(
        '{ a: searchSessions(query: "the", first: 3) { edges { cursor node { hitCount session { id title workspace } '
        "hits(first: 2) { id score snippet blockPosition message { id role } session { title } } } } totalCount "
        'pageInfo { hasNextPage endCursor } } b: searchSessions(query: "the picture", orderBy: RECENT, '
        "scopes: [MESSAGE]) { nodes { session { id } hits { highlights { start end } } more: hits(first: 9) { "
        "message { text } } } } "
        'c: searchSessions(query: "nowhere") { totalCount nodes { hitCount } } }'
    ),
    "search-in-a-session": Case(
        '{ RICH { search(query: "the", first: 2) { totalCount edges { cursor node { id blockPosition score message '
        '{ position } } } pageInfo { hasNextPage hasPreviousPage } } none: search(query: "nowhere") { totalCount '
        'nodes { id } } } sessions(first: 3) { nodes { id search(query: "the reason") { nodes { id snippet } } } } }'
    ),
    "search-with-everything": Case(
        '{ search(query: "picture", scopes: [MESSAGE, TITLE]) { edges { cursor node { score snippet '
        "highlights { start end } session { id } message { id position role } } } totalCount pageInfo { "
        "hasNextPage endCursor } } }"
    ),
    # What cannot be understood.
    "one-broken-row-empties-the-list": Case(
        "{ __typename sessions(first: 50) { nodes { id messages(first: 5) { nodes { id content { __typename }"
        " } } } } }",
        BOTH,
    ),
    "a-broken-row-below-a-session": Case(
        '{ a: session(id: "broken-0") { id messages { nodes { text } } } b: session(id: "broken-0") { id '
        'messages(first: 1) { nodes { text content { __typename } } } } c: session(id: "broken-0") { messages'
        " { nodes { id role } } } }",
        BOTH,
    ),
    "broken-rows-in-several-items": Case(
        '{ search(query: "reason", filter: {titleContains: "broken"}) { nodes { session { id } message { position '
        "content { __typename } } } } }",
        BOTH,
    ),
    "broken-rows-in-items-of-two-fields": Case(
        '{ search(query: "reason", filter: {titleContains: "broken"}) { nodes { a: message { text } '
        "message { position } b: message { id content { position } } } } }",
        BOTH,
    ),
    "null-goes-up-to-the-nearest-that-may-be": Case(
        "{ ASLEEP { id events { seq item { id status } payload } turns { nodes { id } } } }", BOTH
    ),
    "items-without-a-type": Case("{ ASLEEP { id events { seq item { __typename position } } } }", BOTH),
    "an-enum-out-of-range-in-a-list": Case(
        "{ MARKED { id turns { edges { cursor node { position status } } } } }", BOTH
    ),
    "a-number-out-of-range-in-a-list": Case(
        '{ sessions(first: 100) { nodes { id totalTokens } } session(id: "child-of-the-broken") { id parent {'
        " id totalTokens } } }",
        BOTH,
    ),
    "parents-that-fail-one-by-one": Case(
        '{ a: session(id: "child-of-the-broken") { id parent { totalTokens } } b: session(id: '
        '"child-of-the-broken") { p: parent { id totalTokens } q: parent { t: totalTokens u: totalTokens } } '
        "}",
        BOTH,
    ),
    "a-thread-that-fails-in-every-node": Case(
        '{ sessions(filter: {titleContains: "no-such"}) { nodes { id thread { id taskType } resumeTask { state } } } }',
        BOTH,
    ),
    "broken-json-is-passed-on": Case(
        "{ MARKED { turns { nodes { items { nodes { ... on ToolCallItem { input } } } } } } }", BROKEN
    ),
}
