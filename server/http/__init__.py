"""GraphQL over HTTP: request bodies, content negotiation, responses, and subscriptions in multipart responses."""
