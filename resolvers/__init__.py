"""What a field does: one module a type, of the same name as its file in schema/.

A resolver turns a field and its arguments into calls of storage and gives back plain rows. No SQL here, and no types
of the API. Start reading at `context.py`, then at the type you came for.
"""
