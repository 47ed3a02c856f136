"""The pages that browsers get: the reader at `/` and the playground at `/graphql`."""
