"""Operations whose variables, arguments or documents are unusual. Each is a risk for prepared execution."""

from tests.support.operations.case import BOTH, ERRORS, RICH, Case

_MUCH = (
    f"{RICH} {{ id source title workspace model mode systemPrompt isArchived messageCount totalTokens createdAt "
    "updatedAt parent { id title } thread { id title } resumeTask { id state } "
    "messages(first: 2) { nodes { id role text } edges { cursor node { position } } totalCount pageInfo "
    "{ endCursor } } }"
)

INPUTS: dict[str, Case] = {
    # Variables.
    "defaults-of-both-sides": Case(
        "query ($a: Int = 2, $b: Int, $c: Int! = 1) { a: sessions(first: $a) { nodes { id } } b: "
        "resumeTasks(first: 2) { nodes { id } } c: resumeTasks(first: $c) { nodes { id } } d: sessions(first:"
        " $b) { totalCount } }",
        variables=({}, {"a": 1, "b": 3, "c": 2}),
    ),
    "a-variable-where-the-argument-has-a-default": Case(
        'query ($n: Int, $o: SearchOrder) { resumeTasks(first: $n) { nodes { id } } search(query: "picture", '
        "orderBy: $o) { nodes { score } } }",
        variables=({}, {"n": 1}, {"n": 2, "o": "RECENT"}),
    ),
    "null-where-the-argument-has-a-default": Case(
        "query ($n: Int) { a: resumeTasks(first: $n) { nodes { id } } b: __typename }", BOTH, variables=({"n": None},)
    ),
    "null-for-what-may-be-null": Case(
        "query ($n: Int, $c: String, $f: SessionFilter) { sessions(first: $n, after: $c, filter: $f, last: "
        "null) { totalCount } }",
        variables=({"n": None, "c": None, "f": None}, {}, {"n": 1}),
    ),
    "null-literal-for-what-may-not-be": Case("{ resumeTasks(first: null) { totalCount } }", ERRORS),
    "variables-within-objects-and-lists": Case(
        "query ($t: String, $m: String!, $s: SessionSource!, $at: DateTime) { sessions(filter: "
        '{titleContains: $t, models: [$m, "x"], sources: [$s, ZAGENS], createdAt: {from: $at, until: null}, '
        "archived: ANY}) { nodes { id } } }",
        variables=(
            {"t": "the", "m": "deepseek-v4-pro", "s": "CODEWHALE", "at": "2020-01-01T00:00:00Z"},
            {"m": "deepseek-v4-pro", "s": "ZAGENS"},
            {"m": "x", "s": "CODEX", "at": None, "t": None},
        ),
    ),
    "a-list-from-a-single-value": Case(
        "query ($r: [MessageRole!], $s: [ResumeState!]) { RICH { messages(roles: $r) { totalCount } } "
        "resumeTasks(states: $s) { totalCount } a: resumeTasks(states: READY) { totalCount } }",
        variables=({"r": "USER", "s": "READY"}, {"r": ["USER", "TOOL"], "s": []}, {}),
    ),
    "enums": Case(
        "query ($o: SessionOrder!, $d: OrderDirection! = ASC) { a: sessions(orderBy: $o) { nodes { id } } b: "
        "sessions(orderBy: {field: TITLE, direction: $d}) { nodes { id } } }",
        variables=({"o": {"field": "MESSAGE_COUNT"}}, {"o": {"field": "TITLE", "direction": "ASC"}, "d": "DESC"}),
    ),
    "wrong-enums": Case(
        "query ($o: SessionOrder!) { sessions(orderBy: $o) { totalCount } }",
        ERRORS,
        variables=({"o": {"field": "NOBODY"}}, {"o": {}}, {"o": {"field": "TITLE", "x": 1}}, {"o": "TITLE"}),
    ),
    "ids-and-numbers-in-other-forms": Case(
        "query ($id: ID!, $n: Int, $s: BigInt!) { session(id: $id) { id } a: session(id: 5) { id } "
        "sessions(first: $n) { totalCount } THREAD { events(sinceSeq: $s, first: 1) { seq } } }",
        variables=({"id": 7, "n": 1.0, "s": 2.0}, {"id": "every-kind", "n": 2, "s": 0}),
    ),
    "numbers-out-of-range": Case(
        "query ($n: Int, $s: BigInt!) { sessions(first: $n) { totalCount } THREAD { events(sinceSeq: $s) { seq } } }",
        ERRORS,
        variables=(
            {"n": 2**31, "s": 1},
            {"n": 1, "s": 2**53},
            {"n": 1.5, "s": "1"},
            {"n": True, "s": None},
            {"n": "1"},
        ),
    ),
    "moments-in-other-zones": Case(
        "query ($at: DateTime) { sessions(filter: {updatedAt: {from: $at}}) { nodes { id updatedAt } } }",
        variables=({"at": "2026-06-11T10:03:44.902+02:00"}, {"at": "2026-06-11t08:03:44.902001z"}, {"at": None}),
    ),
    "wrong-moments": Case(
        "query ($at: DateTime) { sessions(filter: {updatedAt: {from: $at}}) { nodes { id } } }",
        ERRORS,
        variables=({"at": "yesterday"}, {"at": 5}, {"at": []}),
    ),
    "many-wrong-variables": Case(
        "query ($a: Int!, $b: Int!, $c: ID!, $d: [ID!]!, $e: Boolean!, $f: Boolean!, $g: Boolean!) { "
        "session(id: $c) { id @skip(if: $e) a: id @skip(if: $f) b: id @skip(if: $g) } a: resumeTasks(first: "
        "$a) { totalCount } b: resumeTasks(first: $b) { totalCount } }",
        ERRORS,
    ),
    "undeclared-variables": Case(
        "query ($n: Int) { RICH { messages(first: $n) { totalCount } } }", variables=({"x": 1}, {"n": 1, "y": {}})
    ),
    "unicode-in-literals-and-variables": Case(
        'query ($t: String) { a: sessions(filter: {titleContains: "漢\\u5b57"}) { nodes { title } } b: '
        'sessions(filter: {titleContains: $t}) { nodes { title } } c: search(query: """ 👍 """) { totalCount }'
        " }",
        variables=({"t": "📦"}, {"t": "\ud800"}, {"t": "\u0000"}, {"t": "ẞ"}),
    ),
    # Arguments that are refused, field by field.
    "refused-arguments": Case(
        "{ a: sessions(first: -1) { totalCount } b: sessions(first: 1, last: 1) { totalCount } c: "
        'sessions(after: "x") { totalCount } d: search(query: " ") { totalCount } e: resumeTasks(first: -5) {'
        " totalCount } f: THREAD { id events(first: -1) { seq } } g: RICH { id messages(last: -1) { "
        "totalCount } } }",
        BOTH,
    ),
    "refused-in-every-item": Case(
        "{ sessions(first: 5) { nodes { id messages(first: -1) { totalCount } } } __typename }", BOTH
    ),
    "beginnings-of-ids": Case(
        '{ a: session(id: "every-ki") { id title } b: session(id: "every-k") { id } '
        'c: session(id: "unknown-stat") { id } d: session(id: "no-such-") { id } e: session(id: "no-such-t") { id } }',
        BOTH,
    ),
    "kinds-and-when-it-was-saved": Case(
        "query ($k: [SessionKind!], $at: DateTime) { "
        "sessions(filter: {kinds: $k, savedAt: {from: $at}, sources: ZAGENS}, orderBy: {field: SAVED_AT}) { "
        "nodes { id kind } totalCount changeSeq } }",
        variables=({}, {"k": ["SUBAGENT"]}, {"k": [], "at": "2026-01-01T00:00:00Z"}, {"k": None, "at": None}),
    ),
    "unknown-ids": Case(
        '{ a: session(id: "nobody") { id } b: session(id: "../x") { id } c: thread(id: "") { id } d: '
        'resumeTask(threadId: 1) { id } e: session(id: "  every-kind ") { id } }'
    ),
    # Documents.
    "introspection-beside-data": Case(
        '{ __schema { queryType { name } } __type(name: "Session") { name fields { name } } RICH { id } }'
    ),
    "comments-commas-and-a-mark": Case("\ufeff# one\n{,,, RICH { id # two\n,,title } }\n# three"),
    "a-very-long-document": Case("{ " + " ".join(f"a{number}: {_MUCH}" for number in range(25)) + " }"),
    "too-long-a-document": Case("{ " + "__typename " * 2001 + "}", ERRORS),
    "too-costly": Case(
        "query ($n: Int) { sessions(first: $n) { nodes { messages(first: 100) { nodes { id } } } } }",
        ERRORS,
        variables=({"n": 100}, {"n": 60}),
    ),
    "costly-by-its-variables-only": Case(
        "query ($n: Int) { sessions(first: $n) { nodes { messages(first: 100) { nodes { id } } } } }",
        variables=({"n": 1}, {"n": 2}),
    ),
    "empty": Case("", ERRORS),
    "blank": Case(" \n# nothing\n", ERRORS),
    "no-operation": Case("fragment S on Session { id }", ERRORS),
    "unparsable": Case("{ sessions { nodes { id } }", ERRORS),
    "five-errors-of-many": Case("{ " + " ".join("nobody{number}" for number in range(20)) + " }", ERRORS),
    "one-of-two-operations": Case("query A { __typename } query B { b: __typename }", operation_name="B"),
    "no-one-of-two-operations": Case("query A { __typename } query B { b: __typename }", ERRORS),
    "a-wrong-operation": Case("query A { __typename } query B { b: __typename }", ERRORS, operation_name="C"),
    "a-wrong-name-of-the-only-operation": Case("query A { __typename }", ERRORS, operation_name="B"),
    "two-operations-share-fragments-and-variables": Case(
        "query A($n: Int = 1) { sessions(first: $n) { ...C } } query B($n: Int = 2) { sessions(first: $n) { "
        "...C } } fragment C on SessionConnection { nodes { id } }",
        operation_name="B",
        variables=({}, {"n": 3}),
    ),
    "a-mutation": Case(
        'mutation { deleteSession(input: {sessionId: "nobody"}) { deletedSessionId userErrors { code path message } } }'
    ),
    "a-mutation-with-a-wrong-variable": Case(
        "mutation ($i: DeleteSessionInput!) { deleteSession(input: $i) { userErrors { code } } }",
        ERRORS,
        variables=({"i": {}},),
    ),
    "a-subscription": Case('subscription { resumeTask(threadId: "<thread every-kind>") { state } }', ERRORS),
}
