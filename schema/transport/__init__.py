"""How operations come in and answers go out: GraphQL over HTTP, graphql-transport-ws, multipart, and who may ask.

Start with `endpoint.py`. What an operation means is no matter of this package, and it reads no settings.
"""
