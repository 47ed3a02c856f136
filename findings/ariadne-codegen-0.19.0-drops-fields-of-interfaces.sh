#!/usr/bin/env bash
# PyPI ariadne-codegen 0.19.0.
#
# A field whose type is an interface (Node) may hold objects that implement another interface too (Item), and a query may
# ask for that one: `node { id ... on Item { summary ... on Call { input } } }`. The generated client sends the query as it
# is, and the server answers with all the fields. But the class that has them is for `__typename: "Item"`, which no object
# has, since a typename is that of an object type. So what comes is read as the class of the plain Node, and `summary` and
# `input` are gone, without an error while generating or reading. mypy sees a union whose members look right.
#
# Fragments on object types (`... on Call { summary input }`) are read rightly.
#
# Why it matters: `node(id:)` of Relay's servers, and the items and logs of agents, are interfaces. A script that reads a
# session's items by this client sees items without texts, and takes them for empty ones.
#
# Seen:
#   answer:       {"__typename": "Call", "id": "1", "summary": "ran ls", "input": "ls"}
#   by interface: NodeByInterfaceNodeNode {"typename__": "Call", "id": "1"}
#   by object:    NodeByObjectNodeCall {"typename__": "Call", "id": "1", "summary": "ran ls", "input": "ls"}
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check ariadne-codegen==0.19.0 graphql-core==3.2.14 2>/dev/null
cat >schema.graphql <<'EOF'
interface Node { id: ID! }
interface Item implements Node { id: ID! summary: String! }
type Call implements Item & Node { id: ID! summary: String! input: String! }
type Answer implements Item & Node { id: ID! summary: String! }
type Session implements Node { id: ID! title: String! }
type Query { node: Node }
EOF
cat >queries.graphql <<'EOF'
query NodeByInterface { node { id ... on Item { summary ... on Call { input } } } }
query NodeByObject { node { id ... on Call { summary input } ... on Answer { summary } } }
EOF
cat >pyproject.toml <<'EOF'
[tool.ariadne-codegen]
schema_path = "schema.graphql"
queries_path = "queries.graphql"
target_package_name = "generated"
EOF
py/bin/ariadne-codegen >/dev/null
cat >run.py <<'EOF'
import asyncio, json
import httpx
from graphql import build_schema, graphql_sync
from generated import Client

schema = build_schema(open("schema.graphql").read())
call = {"__typename": "Call", "id": "1", "summary": "ran ls", "input": "ls"}
answers = []


def answer(request):
    operation = json.loads(request.content)
    result = graphql_sync(schema, operation["query"], {"node": call}, operation_name=operation["operationName"])
    assert not result.errors, result.errors
    answers.append(result.data["node"])
    return httpx.Response(200, json={"data": result.data})


async def main():
    client = Client(http_client=httpx.AsyncClient(transport=httpx.MockTransport(answer)), url="http://server/graphql")
    by_interface = (await client.node_by_interface()).node
    by_object = (await client.node_by_object()).node
    assert answers[0] == answers[1]
    print("answer:      ", json.dumps(answers[0]))
    print("by interface:", type(by_interface).__name__, json.dumps(by_interface.model_dump()))
    print("by object:   ", type(by_object).__name__, json.dumps(by_object.model_dump()))


asyncio.run(main())
EOF
env -i PATH="$PATH" HOME="$work" py/bin/python run.py | tee report
cat >expected <<'EOF'
answer:       {"__typename": "Call", "id": "1", "summary": "ran ls", "input": "ls"}
by interface: NodeByInterfaceNodeNode {"typename__": "Call", "id": "1"}
by object:    NodeByObjectNodeCall {"typename__": "Call", "id": "1", "summary": "ran ls", "input": "ls"}
EOF
cmp report expected
