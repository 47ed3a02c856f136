"""GraphQL over websockets: the messages and the endpoint of graphql-transport-ws."""
