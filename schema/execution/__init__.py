"""Prepared operations: a query that was seen before is answered by a plan that was made of it, not by walking it again.

`operations.py` keeps them and runs them, `operation.py` is one of them, `plan.py` makes a plan of what it selects,
`completion.py` says how values of each type become what the answer holds, `leaves.py` how an object's leaves do,
`loads.py` reads together what many resolvers wait for, and `selections.py` looks ahead at what of a row will be read.

A plan gives answers without errors and nothing else. Wherever there could be an error, it gives up, and graphql-core
runs the operation as if there were no plan: the two cannot differ in what they say is wrong.
"""
