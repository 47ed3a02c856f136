#!/usr/bin/env bash
# PyPI datamodel-code-generator 0.89.0 with pydantic 2.14.4.
#
# From a GraphQL schema it makes a class for each type. A field whose type is an interface gets the class of the interface
# itself, not of the types that implement it. An answer of the server has objects of these types alone, so:
# - with `__typename`, by which clients tell them apart, every answer is refused: the class of the interface takes its own name
#   only, which no object has;
# - without it, or with --graphql-no-typename, the answer is read, and the fields of the types are gone, without an error.
# A union of the same types is read rightly.
#
# Why it matters: the blocks of a message and Relay's `node` are interfaces. A script that reads them into these models has
# messages without texts.
#
# Seen:
#   answer:              {"blocks": [{"__typename": "Text", "position": 0, "text": "Hello"}]}
#   interface, typename: refused: Input should be 'Block'
#   interface, without:  {"blocks": [{"position": 0}]}
#   no typename at all:  {"blocks": [{"position": 0}]}
#   union, typename:     {"blocks": [{"__typename": "Text", "position": 0, "text": "Hello"}]}
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check "datamodel-code-generator[graphql]==0.89.0" graphql-core==3.2.14 pydantic==2.14.4 2>/dev/null
cat >interface.graphql <<'EOF'
interface Block { position: Int! }
type Text implements Block { position: Int! text: String! }
type Call implements Block { position: Int! name: String! }
type Message { blocks: [Block!]! }
type Query { message: Message! }
EOF
sed -e '/^interface/d' -e 's/ implements Block//' interface.graphql >union.graphql
echo 'union Block = Text | Call' >>union.graphql
generate() { py/bin/datamodel-codegen --input "$1.graphql" --input-file-type graphql --output-model-type pydantic_v2.BaseModel --output "$2.py" "${@:3}" 2>/dev/null; }
generate interface of_interface
generate interface of_interface_bare --graphql-no-typename
generate union of_union
cat >run.py <<'EOF'
import json
from graphql import build_schema, graphql_sync
from pydantic import ValidationError
import of_interface, of_interface_bare, of_union

message = {"blocks": [{"__typename": "Text", "position": 0, "text": "Hello"}]}


def answer(schema, typename):
    query = "{ message { blocks { %s ... on Text { position text } ... on Call { position name } } } }" % typename
    result = graphql_sync(build_schema(open(schema).read()), query, {"message": message})
    assert not result.errors, result.errors
    return result.data["message"]


def read(models, data):
    try:
        return json.dumps(models.Message.model_validate(data).model_dump(by_alias=True, exclude_unset=True), sort_keys=True)
    except ValidationError as error:
        return "refused: " + error.errors()[0]["msg"]


full, bare = answer("interface.graphql", "__typename"), answer("interface.graphql", "")
assert full == answer("union.graphql", "__typename") == message
print("answer:             ", json.dumps(full))
print("interface, typename:", read(of_interface, full))
print("interface, without: ", read(of_interface, bare))
print("no typename at all: ", read(of_interface_bare, full))
print("union, typename:    ", read(of_union, full))
EOF
env -i PATH="$PATH" HOME="$work" py/bin/python run.py | tee report
cat >expected <<'EOF'
answer:              {"blocks": [{"__typename": "Text", "position": 0, "text": "Hello"}]}
interface, typename: refused: Input should be 'Block'
interface, without:  {"blocks": [{"position": 0}]}
no typename at all:  {"blocks": [{"position": 0}]}
union, typename:     {"blocks": [{"__typename": "Text", "position": 0, "text": "Hello"}]}
EOF
cmp report expected
