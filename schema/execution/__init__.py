"""Prepared operations: a second executor, for queries that were seen before.

graphql-core walks a query's document again for each request, field by field and object by object. A prepared operation
walks it once and makes a plan of it: an object that completes whole lists of rows with generated code, reads only the
columns that were selected, and sends one statement for each level of the query.

Read in this order: `operations.py` (the cache of prepared operations and the entry point), `operation.py` (one query
and its plans), `plan.py` (a selection on an object type), `completion.py` (values of each type of the GraphQL type
system), `leaves.py` (code generation for scalars and enums), `field_resolver.py` (calls of resolvers), `loader.py`
(batching of reads), `selections.py` (which columns a query needs), `common_completer.py` and `common_objects.py` (typed
content of most messages).

A plan only produces answers without errors. Where an error is possible it raises PlanBailout, and graphql-core
executes the operation from the start: error messages have one source.
"""
