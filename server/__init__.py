"""The server: GraphQL over HTTP and websockets, access control, settings, commands and observability.

`http/` and `websocket/` turn requests into operations and results into responses, `process/` runs Uvicorn and worker
processes, `observability/` holds logs, metrics and traces, `commands/` the command line. Start reading at
`http/endpoint.py`. There is no SQL here.
"""
