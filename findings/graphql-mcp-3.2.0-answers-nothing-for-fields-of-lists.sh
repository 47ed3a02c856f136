#!/usr/bin/env bash
# PyPI graphql-mcp 3.2.0 (with fastmcp 4.2.3), a server of the Model Context Protocol for any GraphQL API, before a server of
# graphql-core 3.3.2.
#
# It makes a tool of each query, and one of each field below it that takes arguments, such as `session_messages_text` for
# `session { messages { text } }`. Where the path to the field goes through a list, it asks the API correctly, gets the
# answer, and gives the agent an empty result without an error: it looks for the name of the next field in the list itself.
# If an agent leaves out the arguments of a field within the path, which are optional, the query has empty parentheses, and the
# API refuses it. Of an object behind an interface, only the fields of the interface are asked for.
#
# Why it matters: a coding agent that reads its earlier sessions by these tools is told that their messages are empty.
#
# Seen:
#   the title, 9 characters:              "A session"
#   the texts of messages, 5 characters:  API answered "Hello" and "Good ", tool answered nothing, no error
#   the parts of messages:                API answered "one" and "two", tool answered nothing, no error
#   the title, at any length:             refused: Syntax Error: Expected Name, found ')'.
#   an item, which is a note with a text: {"id":"1"}
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'graphql-mcp==3.2.0' 'fastmcp==4.2.3' 'graphql-core==3.3.2' >/dev/null 2>&1
cat >run.py <<'EOF'
import asyncio
import json
import logging
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fastmcp import Client
from graphql import build_schema, graphql_sync
from graphql_mcp.server import GraphQLMCP

logging.disable(logging.CRITICAL)
SCHEMA = build_schema("""
  type Query { session(id: ID!): Session item(id: ID!): Item }
  type Session { id: ID! title(maxLength: Int): String! messages(first: Int): [Message!]! }
  type Message { id: ID! text(maxLength: Int): String! parts(first: Int): [Part!]! }
  type Part { text: String! }
  interface Item { id: ID! }
  type Note implements Item { id: ID! text: String! }
""")
ANSWERS = []


def cut(text):
    return lambda _info, maxLength=None: text[:maxLength]


def message(id, text, part):
    return {"id": id, "text": cut(text), "parts": lambda _info, first=None: [{"text": part}][:first]}


class Root:
    def session(self, _info, id):
        messages = [message("1", "Hello there", "one"), message("2", "Good day", "two")]
        return {"id": id, "title": cut("A session of today"), "messages": lambda _info, first=None: messages[:first]}

    def item(self, _info, id):
        return {"__typename": "Note", "id": id, "text": "Remember this"}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = graphql_sync(SCHEMA, request["query"], Root(), variable_values=request.get("variables")).formatted
        ANSWERS.append(answer)
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


async def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    async with Client(GraphQLMCP.from_remote_url(f"http://127.0.0.1:{server.server_port}")) as client:

        async def called(tool, **arguments):
            try:
                result = await client.call_tool(tool, arguments)
            except Exception as error:
                return "refused: " + re.search("Syntax Error: .*?'\\)'\\.", str(error)).group()
            texts = [content.text for content in result.content]
            assert not result.is_error
            return texts[0] if texts else "nothing, no error" if result.structured_content is None else "structured content"

        def said(answer):
            texts = [one["text"] if "text" in one else one["parts"][0]["text"] for one in answer["data"]["session"]["messages"]]
            return " and ".join(f'"{text}"' for text in texts)

        title = await called("session_title", session_id="s", maxLength=9)
        print(f'the title, 9 characters:              "{title}"')
        result = await called("session_messages_text", session_id="s", messages_first=2, maxLength=5)
        print(f"the texts of messages, 5 characters:  API answered {said(ANSWERS[-1])}, tool answered {result}")
        result = await called("session_messages_parts", session_id="s", messages_first=2, first=1)
        print(f"the parts of messages:                API answered {said(ANSWERS[-1])}, tool answered {result}")
        print(f"the title, at any length:             {await called('session_title', session_id='s')}")
        print(f"an item, which is a note with a text: {await called('item', id='1')}")


asyncio.run(main())
EOF
venv/bin/python run.py 2>errors | tee report || cat errors
cat >expected <<'EOF'
the title, 9 characters:              "A session"
the texts of messages, 5 characters:  API answered "Hello" and "Good ", tool answered nothing, no error
the parts of messages:                API answered "one" and "two", tool answered nothing, no error
the title, at any length:             refused: Syntax Error: Expected Name, found ')'.
an item, which is a note with a text: {"id":"1"}
EOF
cmp report expected
