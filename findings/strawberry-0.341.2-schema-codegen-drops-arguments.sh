#!/usr/bin/env bash
# PyPI strawberry-graphql 0.341.2, `strawberry schema-codegen`.
#
# The command writes the Python code of a server from a schema file. The code has no argument of any field and no deprecation: the
# server that it makes refuses each query that passes an argument. Nothing says so, neither the command nor its
# documentation, which names what becomes of each scalar.
#
# For two kinds of schemas the code cannot be imported at all:
#
# - The scalar JSON, which by the documentation is mapped automatically, becomes strawberry.JSON, which does not exist. It is in
#   strawberry.scalars.
# - An input whose default is a value of an enum that follows in the file, as in a file that is sorted by name, is written first as
#   well. In a schema file, the order means nothing.
#
# Why it matters: types are what one could write by hand as well. Arguments with their defaults are where a server departs from
# the schema that its clients were generated from, without a word.
#
# Seen:
#   schema:    tasks(first: Int! = 20): [String!] | old: Int @deprecated(reason: "Use tasks.")
#   generated: tasks: [String!] | old: Int
#   a query:   Unknown argument 'first' on field 'Query.tasks'.
#   JSON:      AttributeError: module 'strawberry' has no attribute 'JSON'
#   an enum:   NameError: name 'OrderField' is not defined
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'strawberry-graphql[cli]==0.341.2' >/dev/null 2>&1
cat >arguments.graphql <<'EOF'
type Query {
  tasks(first: Int! = 20): [String!]
  old: Int @deprecated(reason: "Use tasks.")
}
EOF
cat >json.graphql <<'EOF'
scalar JSON
type Query {
  settings: JSON
}
EOF
cat >enum.graphql <<'EOF'
input Order {
  by: OrderField! = TITLE
}
enum OrderField {
  TITLE
  TIME
}
type Query {
  tasks(order: Order): [String!]
}
EOF
cat >run.py <<'EOF'
import importlib


def fields(text: str) -> str:
    body = text[text.index("type Query {") :].split("{", 1)[1].split("}")[0]
    return " | ".join(line.strip() for line in body.splitlines() if line.strip())


def failure(name: str) -> str:
    try:
        importlib.import_module(name)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "imported"


schema = importlib.import_module("from_arguments").schema
print("schema:   ", fields(open("arguments.graphql").read()))
print("generated:", fields(schema.as_str()))
print("a query:  ", schema.execute_sync("{ tasks(first: 1) }").errors[0].message)
print("JSON:     ", failure("from_json"))
print("an enum:  ", failure("from_enum"))
EOF
for name in arguments json enum; do
  env -i PATH="$PATH" HOME="$work" venv/bin/strawberry schema-codegen $name.graphql --output from_$name.py >/dev/null
done
env -i PATH="$PATH" HOME="$work" venv/bin/python run.py 2>/dev/null | tee report
cat >expected <<'EOF'
schema:    tasks(first: Int! = 20): [String!] | old: Int @deprecated(reason: "Use tasks.")
generated: tasks: [String!] | old: Int
a query:   Unknown argument 'first' on field 'Query.tasks'.
JSON:      AttributeError: module 'strawberry' has no attribute 'JSON'
an enum:   NameError: name 'OrderField' is not defined
EOF
cmp report expected
