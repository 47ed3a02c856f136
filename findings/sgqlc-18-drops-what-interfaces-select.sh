#!/usr/bin/env bash
# PyPI sgqlc 18.
#
# `operation + answer` gives the objects of an answer. Where a field is an interface (Node) and the query has a fragment on
# another interface (Item), each object is read by the selections on the field and on its own type, and by no other. So what
# the fragment on the interface selects is gone, `summary` as well as `input` of a fragment within it: the object has no such
# attribute, and iterating over it shows `id` alone. The query that is sent asks for all fields, and the answer has them.
#
# The same holds for operations that sgqlc-codegen makes, with inline and with named fragments. Fields that a fragment on the
# object type selects are read rightly.
#
# Why it matters: `node(id:)` of Relay's servers, and the items and logs of agents, are interfaces. A script takes what it
# loads for objects without contents: `getattr(item, "summary", "")` is empty for each.
#
# Seen:
#   answer:    {"__typename": "Call", "id": "1", "summary": "ran ls", "input": "ls"}
#   nested:    Call {'__typename__': 'Call', 'id': '1'}
#   named:     Call {'__typename__': 'Call', 'id': '1'}
#   beside:    Call {'__typename__': 'Call', 'id': '1', 'input': 'ls'}
#   by object: Call {'__typename__': 'Call', 'id': '1', 'input': 'ls', 'summary': 'ran ls'}
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check sgqlc==18 graphql-core==3.2.14 2>/dev/null
cat >schema.graphql <<'EOF'
interface Node { id: ID! }
interface Item implements Node { id: ID! summary: String! }
type Call implements Item & Node { id: ID! summary: String! input: String }
type Reply implements Item & Node { id: ID! summary: String! text: String! }
type Query { node: Node }
EOF
cat >queries.gql <<'EOF'
query Nested { node { __typename id ... on Item { summary ... on Call { input } } } }
query Named { node { __typename id ...Details } }
query Beside { node { __typename id ... on Item { summary } ... on Call { input } } }
query ByObject { node { __typename id ... on Call { summary input } } }
fragment Details on Item { summary ... on Call { input } }
EOF
py/bin/python -c '
import json
from graphql import build_schema, introspection_from_schema
json.dump(introspection_from_schema(build_schema(open("schema.graphql").read())), open("schema.json", "w"))'
py/bin/sgqlc-codegen schema schema.json types_of_schema.py
py/bin/sgqlc-codegen operation --schema schema.json types_of_schema operations.py queries.gql
cat >run.py <<'EOF'
import json
from graphql import build_schema, graphql_sync
from operations import Operations

node = {"__typename": "Call", "id": "1", "summary": "ran ls", "input": "ls"}
schema = build_schema(open("schema.graphql").read())
print("answer:   ", json.dumps(node))
for name in ("nested", "named", "beside", "by object"):
    operation = getattr(Operations.query, name.replace(" ", "_"))
    result = graphql_sync(schema, str(operation), {"node": node})
    assert result.errors is None and result.data == {"node": node}, result
    found = (operation + {"data": result.data}).node
    print(f"{name + ':':10}", type(found).__name__, {field: getattr(found, field) for field in sorted(found)})
EOF
env -i PATH="$PATH" HOME="$work" py/bin/python run.py | tee report
cat >expected <<'EOF'
answer:    {"__typename": "Call", "id": "1", "summary": "ran ls", "input": "ls"}
nested:    Call {'__typename__': 'Call', 'id': '1'}
named:     Call {'__typename__': 'Call', 'id': '1'}
beside:    Call {'__typename__': 'Call', 'id': '1', 'input': 'ls'}
by object: Call {'__typename__': 'Call', 'id': '1', 'input': 'ls', 'summary': 'ran ls'}
EOF
cmp report expected
