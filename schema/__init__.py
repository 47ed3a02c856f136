"""The GraphQL schema: one file for each type, with its fields, arguments and descriptions.

Start reading at `query.py`, `mutation.py` and `subscription.py`. A field that is more than an attribute of its row
calls the function of the same name in `resolvers/`, in one line. Types hold no logic and know neither storage nor
HTTP.

Around the types: `build.py` puts the schema together, `coded_schema.py` validates and executes operations,
`errors.py` gives every error its code, `limits/` bounds what an operation may ask for, and `execution/` answers
queries that were seen before. `schema.graphql` is the printed schema; `make schema` writes it.
"""
