"""What several tests share: databases, a running server, a GraphQL client, documents. No tests."""
