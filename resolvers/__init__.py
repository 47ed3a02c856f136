"""Resolvers of the GraphQL fields: one module for each type, with the name of its file in `schema/`.

A resolver checks the arguments of its field, calls storage and returns plain rows. It contains no SQL and no GraphQL
types. Start reading at `context.py`, then at the type that you are interested in.
"""
