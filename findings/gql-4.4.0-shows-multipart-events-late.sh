#!/usr/bin/env bash
# PyPI gql 4.4.0 with aiohttp 3.14.5.
#
# AIOHTTPTransport subscribes by Apollo's multipart protocol, in which each part ends with the boundary after it, so that a
# client has all of it at once. gql reads the parts by aiohttp's MultipartReader, which looks for that boundary in two reads of
# the connection and waits for the second although the first has it. So an event is shown when the server sends the next part,
# be it a heartbeat, and not before. Of events that come together, the last ones stay behind: each later part releases one, so
# that the newest state is the last to arrive, by as many heartbeats as there are events behind. Heartbeats are 5 seconds apart
# in Apollo's Router and in Strawberry; a server without heartbeats keeps the event until the next one, for however long.
#
# Parts that have a Content-Length are shown at once: aiohttp does not look for the boundary of these. WebsocketsTransport and
# AIOHTTPWebsocketsTransport have no such delay.
#
# A subscription of this transport also ends after 300 seconds with TransportConnectionFailed and an empty message, aiohttp's
# default of a total timeout; client_session_args={"timeout": aiohttp.ClientTimeout(total=None)} lifts it.
#
# Why it matters: a script that follows a task sees "running" while the task has been done for 5 to 15 seconds, or forever.
#
# Seen:
#   as usual:            event 1 arrives once the server has sent event 2
#   as usual:            event 2 arrives once the server has sent events 3 to 5
#   as usual:            event 3 arrives once the server has sent heartbeat 1
#   as usual:            event 4 arrives once the server has sent heartbeat 2
#   as usual:            event 5 arrives once the server has sent heartbeat 3
#   with content-length: event 1 arrives once the server has sent event 1
#   with content-length: event 2 arrives once the server has sent event 2
#   with content-length: event 3 arrives once the server has sent events 3 to 5
#   with content-length: event 4 arrives once the server has sent events 3 to 5
#   with content-length: event 5 arrives once the server has sent events 3 to 5
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check "gql[aiohttp]==4.4.0" aiohttp==3.14.5 2>/dev/null
cat >run.py <<'EOF'
import asyncio, json
from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport

sent = ""


def part(value, has_length):
    body = json.dumps(value).encode()
    length = b"content-length: %d\r\n" % len(body) if has_length else b""
    return b"\r\ncontent-type: application/json\r\n" + length + b"\r\n" + body + b"\r\n--graphql"


def event(seq):
    return {"payload": {"data": {"seq": seq}}}


STEPS = [("event 1", [event(1)]), ("event 2", [event(2)]), ("events 3 to 5", [event(3), event(4), event(5)])]
STEPS += [(f"heartbeat {number}", [{}]) for number in range(1, 7)]


async def serve(reader, writer):
    global sent
    has_length = b"x-length: yes" in (await reader.readuntil(b"\r\n\r\n")).lower()
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n"
                 b"content-type: multipart/mixed;boundary=graphql;subscriptionSpec=1.0\r\n\r\n")

    def write(data):
        writer.write(b"%x\r\n%s\r\n" % (len(data), data))

    write(b"\r\n--graphql")
    for sent, values in STEPS:
        write(b"".join(part(value, has_length) for value in values))
        await writer.drain()
        await asyncio.sleep(0.5)
    write(b"--\r\n")
    write(b"")
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    for name, headers in (("as usual:", {}), ("with content-length:", {"x-length": "yes"})):
        async with Client(transport=AIOHTTPTransport(url, headers=headers)) as client:
            async for data in client.subscribe(gql("subscription { seq }")):
                print(f"{name:20} event {data['seq']} arrives once the server has sent {sent}")


asyncio.run(main())
EOF
env -i PATH="$PATH" HOME="$work" py/bin/python run.py | tee report
cat >expected <<'EOF'
as usual:            event 1 arrives once the server has sent event 2
as usual:            event 2 arrives once the server has sent events 3 to 5
as usual:            event 3 arrives once the server has sent heartbeat 1
as usual:            event 4 arrives once the server has sent heartbeat 2
as usual:            event 5 arrives once the server has sent heartbeat 3
with content-length: event 1 arrives once the server has sent event 1
with content-length: event 2 arrives once the server has sent event 2
with content-length: event 3 arrives once the server has sent events 3 to 5
with content-length: event 4 arrives once the server has sent events 3 to 5
with content-length: event 5 arrives once the server has sent events 3 to 5
EOF
cmp report expected
