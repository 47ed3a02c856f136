"""The API as people see it: its types, fields, arguments and their descriptions, one file a type.

A field that is more than an attribute of its row calls the function of the same name in `resolvers/`, in one line.
No field decides anything here, and nothing here knows of storage or HTTP.

Start reading at `query.py`, `mutation.py` and `subscription.py`; `build.py` puts them together and `errors.py` gives
every error its code. `schema.graphql` is what all of it prints.
"""
