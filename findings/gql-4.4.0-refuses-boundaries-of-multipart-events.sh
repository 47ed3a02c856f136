#!/usr/bin/env bash
# PyPI gql 4.4.0 with aiohttp 3.14.5.
#
# AIOHTTPTransport subscribes by the multipart protocol of the Apollo Router, and refuses the answer unless its Content-Type has the
# letters boundary=graphql. In a header, "graphql" in quotes is the same value, and it is what the Apollo Router sends
# (multipart/mixed;boundary="graphql";subscriptionSpec=1.0). By Apollo's description of the protocol the server decides the boundary.
# In either case, gql says that the server may not support the protocol. The reader of aiohttp, by which gql reads the parts, takes
# them all.
#
# Why it matters: who follows the message changes to websockets, or drops subscriptions, where the server has what is needed.
#
# Seen:
#   boundary=graphql      gql: 1, 2      aiohttp: 1, 2
#   boundary="graphql"    gql: refused   aiohttp: 1, 2
#   boundary=-            gql: refused   aiohttp: 1, 2
#   the refusal: Unexpected content-type: multipart/mixed;boundary="graphql";subscriptionSpec=1.0. Server may not support the multipart subscription protocol.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'gql[aiohttp]==4.4.0' aiohttp==3.14.5 >/dev/null 2>&1
cat >run.py <<'EOF'
import asyncio
import json
import logging

import aiohttp
from aiohttp import web
from gql import Client, GraphQLRequest, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportProtocolError

logging.disable()
QUERY = "subscription { step }"
refusals = []


async def answer(request: web.Request) -> web.StreamResponse:
    """Two events, as the Apollo Router sends them."""
    parameter = request.match_info["parameter"]
    boundary = parameter.split("=")[1].strip('"')
    headers = {"Content-Type": f"multipart/mixed;{parameter};subscriptionSpec=1.0"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    for step in (1, 2):
        event = json.dumps({"payload": {"data": {"step": step}}})
        await response.write(f"\r\n--{boundary}\r\ncontent-type: application/json\r\n\r\n{event}".encode())
    await response.write(f"\r\n--{boundary}--\r\n".encode())
    return response


async def by_gql(url: str) -> str:
    try:
        async with Client(transport=AIOHTTPTransport(url=url)) as client:
            return ", ".join([str(data["step"]) async for data in client.subscribe(GraphQLRequest(gql(QUERY)))])
    except TransportProtocolError as error:
        refusals.append(str(error))
        return "refused"


async def by_aiohttp(url: str) -> str:
    steps = []
    async with aiohttp.ClientSession() as session, session.post(url, json={"query": QUERY}) as response:
        reader = aiohttp.MultipartReader.from_response(response)
        while (part := await reader.next()) is not None:
            steps.append(str((await part.json())["payload"]["data"]["step"]))
    return ", ".join(steps)


async def main() -> None:
    app = web.Application()
    app.router.add_post("/{parameter}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    for parameter in ("boundary=graphql", 'boundary="graphql"', "boundary=-"):
        url = f"http://127.0.0.1:{port}/{parameter.replace(chr(34), '%22')}"
        print(f"{parameter:21} gql: {await by_gql(url):9} aiohttp: {await by_aiohttp(url)}")
    print("the refusal:", refusals[0])
    await runner.cleanup()


asyncio.run(main())
EOF
env -i PATH="$PATH" HOME="$work" venv/bin/python run.py | tee report
cat >expected <<'EOF'
boundary=graphql      gql: 1, 2      aiohttp: 1, 2
boundary="graphql"    gql: refused   aiohttp: 1, 2
boundary=-            gql: refused   aiohttp: 1, 2
the refusal: Unexpected content-type: multipart/mixed;boundary="graphql";subscriptionSpec=1.0. Server may not support the multipart subscription protocol.
EOF
cmp report expected
