"""GraphQL over HTTP: request bodies, content negotiation, responses, and subscriptions in responses that stay open."""
