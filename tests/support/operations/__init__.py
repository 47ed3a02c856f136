"""Random operations over the whole schema, and a database with data for each of them.

`database.py` fills it and tells what is in it; `dice.py` is the chance; `values.py` has values as GraphQL and as JSON
write them, `arguments.py` those that an argument may take, `variables.py` their way through variables; `selections.py`
makes selection sets and fragments, `request.py` whole requests. `reached.py` tells what an answer shows of the schema.

`case.py`, with `shapes.py` and `inputs.py`, has operations written by hand.
"""
