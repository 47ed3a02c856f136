"""The graphql-transport-ws protocol: its messages and the endpoint that speaks it."""
