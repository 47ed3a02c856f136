#!/usr/bin/env bash
# PyPI tavern 3.7.1 (with gql 4.4.0 and pytest 8.4.2), tests of a server of strawberry-graphql 0.341.2 with uvicorn 0.54.0.
#
# A test of tavern names what it expects in `graphql_response`, for an event of a subscription as the project's examples do it:
# `subscription` with the name of the operation, and `data`. The event has to come, but its data are compared with nothing: a
# test that expects other values, or fields that were never asked for, passes. For a query or a mutation, `data` is
# compared. Of `errors`, only the messages are: a test that expects another code passes.
# A stage that subscribes sends nothing. The subscription begins when a later stage expects its first event, so that events
# until then are missed, and a subscription of which nothing is expected, such as an invalid one, is never sent.
# (tavern 3.7.1 allows pytest 9, with whose 9.2.0 it does not load.)
#
# Why it matters: a suite says that the app shows the right states of a running task, and would say so with any states.
#
# Seen:
#   a query with another title:                  failed
#   an event with another title:                 passed
#   an event with a field that was not selected: passed
#   an error with another code:                  passed
#   a subscription of a field that is unknown:   passed
#   operations in the order of arrival: rename first, rename second, subscribe, rename third
#   the test, which expects the event of the first: passed
set -eu
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
server=
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'tavern[graphql]==3.7.1' 'gql==4.4.0' 'pytest==8.4.2' \
  'strawberry-graphql==0.341.2' 'uvicorn==0.54.0' 'websockets<17' 'starlette<2' >/dev/null 2>&1
cat >served.py <<'EOF'
import asyncio
import socket
from collections.abc import AsyncGenerator

import strawberry
import uvicorn
from graphql import GraphQLError
from strawberry.asgi import GraphQL

QUEUES = []


def log(words):
    with open("operations", "a") as operations:
        print(words, file=operations)


@strawberry.type
class Session:
    title: str


@strawberry.type
class Query:
    @strawberry.field
    def session(self) -> Session:
        return Session(title="today")

    @strawberry.field
    def other(self) -> Session | None:
        raise GraphQLError("There is no such session.", extensions={"code": "NOT_FOUND"})


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def rename(self, title: str) -> Session:
        log(f"rename {title}")
        for queue in QUEUES:
            queue.put_nowait(title)
        await asyncio.sleep(0.2)
        return Session(title=title)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def renamed(self) -> AsyncGenerator[Session, None]:
        log("subscribe")
        queue = asyncio.Queue()
        QUEUES.append(queue)
        while True:
            yield Session(title=await queue.get())

    @strawberry.subscription
    async def titles(self) -> AsyncGenerator[Session, None]:
        yield Session(title="today")


listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
schema = strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)
uvicorn.Server(uvicorn.Config(GraphQL(schema), log_level="error")).run(sockets=[listening])
EOF
venv/bin/python served.py >port 2>errors &
server=$!
while ! [ -s port ]; do sleep 0.1; done
url=http://127.0.0.1:$(cat port)
cat >test_parts.tavern.yaml <<EOF
test_name: query
stages:
  - name: asks
    graphql_request: { url: "$url", query: "{ session { title } }" }
    graphql_response: { data: { session: { title: yesterday } } }
---
test_name: event
stages:
  - name: subscribes
    graphql_request: { url: "$url", query: "subscription Titles { titles { title } }", operation_name: Titles }
    graphql_response: { subscription: Titles, data: { titles: { title: yesterday } } }
---
test_name: field
stages:
  - name: subscribes
    graphql_request: { url: "$url", query: "subscription Titles { titles { title } }", operation_name: Titles }
    graphql_response: { subscription: Titles, data: { titles: { title: today, tokens: 7 } } }
---
test_name: code
stages:
  - name: asks
    graphql_request: { url: "$url", query: "{ other { title } }" }
    graphql_response:
      data: { other: null }
      errors: [{ message: There is no such session., extensions: { code: FORBIDDEN } }]
---
test_name: unknown
stages:
  - name: subscribes
    graphql_request: { url: "$url", query: "subscription Wrong { nothing }", operation_name: Wrong }
---
test_name: order
stages:
  - name: subscribes
    graphql_request: { url: "$url", query: "subscription Renamed { renamed { title } }", operation_name: Renamed }
  - name: renames
    graphql_request: { url: "$url", query: 'mutation { rename(title: "first") { title } }' }
    graphql_response: { data: { rename: { title: first } } }
  - name: renames again, and expects the event
    graphql_request: { url: "$url", query: 'mutation { rename(title: "second") { title } }' }
    graphql_response:
      - data: { rename: { title: second } }
      - subscription: Renamed
        timeout: 10
        data: { renamed: { title: first } }
        save: { data: { seen: renamed.title } }
EOF
run() { # one test: passed or failed
  venv/bin/python -m pytest -q -p no:cacheprovider -k "$1" . >"log-$1" 2>&1 && echo passed || echo failed
}
{
  echo "a query with another title:                  $(run query)"
  echo "an event with another title:                 $(run event)"
  echo "an event with a field that was not selected: $(run field)"
  echo "an error with another code:                  $(run code)"
  echo "a subscription of a field that is unknown:   $(run unknown)"
} | tee report
# The event that the last test waits for comes only if somebody renames once more after it has begun to wait.
run order >result &
waiting=$!
for _ in $(seq 100); do grep -q subscribe operations 2>/dev/null && break || sleep 0.1; done
sleep 0.5
venv/bin/python - "$url" >/dev/null <<'EOF'
import json
import sys
import urllib.request

body = json.dumps({"query": 'mutation { rename(title: "third") { title } }'}).encode()
urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, {"content-type": "application/json"}))
EOF
wait "$waiting"
echo "operations in the order of arrival: $(paste -sd , operations | sed 's/,/, /g')" | tee -a report
echo "the test, which expects the event of the first: $(cat result)" | tee -a report
cat >expected <<'EOF'
a query with another title:                  failed
an event with another title:                 passed
an event with a field that was not selected: passed
an error with another code:                  passed
a subscription of a field that is unknown:   passed
operations in the order of arrival: rename first, rename second, subscribe, rename third
the test, which expects the event of the first: passed
EOF
cmp report expected
