#!/usr/bin/env bash
# PyPI strawberry-graphql 0.341.2, with npm typescript 7.0.2.
#
# `strawberry codegen` makes types of the answers of a query. For a field that is an interface, the type is made of the types
# that the query has fragments of, and of no other: with `... on Call { name }` each item is a Call, which has a name. The
# server answers with items of the other types as well, which have none, and TypeScript accepts code that takes it for granted.
# The same holds for the classes of the Python plugin, and for a union. Without any fragment the type is right.
#
# A nullable field is `string | undefined`, while GraphQL has null: `=== undefined` is never true.
#
# GraphQL Code Generator makes a union with the other types for such a field, and `| null`.
#
# Why it matters: the blocks of a message, the items of a turn and Relay's `node` are interfaces to which types are added: a
# client that handles some of them is told that there are no others.
#
# Seen:
#   answer: [{"summary": "ran ls", "name": "ls", "input": null}, {"summary": "done"}]
#   python: list[ItemsResultItemsCall]
#   types:  ItemsResultItemsCall[], input: string | undefined
#   tsc:    0 errors
#   run:    item 0: input has a length: Cannot read properties of null (reading 'length')
#   run:    item 1: name in capitals: Cannot read properties of undefined (reading 'toUpperCase')
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv py
py/bin/pip install -qq --disable-pip-version-check "strawberry-graphql[cli]==0.341.2" 2>/dev/null
npm install --silent --no-audit --no-fund --prefix . typescript@7.0.2 >/dev/null 2>&1
cat >schema.py <<'EOF'
import strawberry


@strawberry.interface
class Item:
    summary: str


@strawberry.type
class Call(Item):
    name: str
    input: str | None


@strawberry.type
class Reply(Item):
    text: str


@strawberry.type
class Query:
    @strawberry.field
    def items(self) -> list[Item]:
        return [Call(summary="ran ls", name="ls", input=None), Reply(summary="done", text="Done.")]


schema = strawberry.Schema(Query, types=[Call, Reply])
EOF
cat >items.graphql <<'EOF'
query Items { items { summary ... on Call { name input } } }
EOF
py/bin/strawberry codegen --schema schema -o . -p python -p typescript items.graphql >/dev/null
py/bin/python -c '
import json, schema
result = schema.schema.execute_sync(open("items.graphql").read())
assert not result.errors, result.errors
json.dump(result.data, open("answer.json", "w"))
print("answer:", json.dumps(result.data["items"]))' | tee report
{
  cat items.ts
  cat <<'EOF'

declare const answer: ItemsResult
declare function show(what: string, value: () => unknown): void
answer.items.forEach((item, index) => {
  show(`item ${index}: name in capitals`, () => item.name.toUpperCase())
  if (item.input !== undefined) {
    const input: string = item.input
    show(`item ${index}: input has a length`, () => input.length)
  }
})
EOF
} >program.ts
errors=$(env -i PATH="$PATH" HOME="$work" node_modules/.bin/tsc --strict --target es2022 program.ts | grep -c 'error TS' || true)
cat >run.mjs <<'EOF'
import { readFileSync } from 'node:fs'
globalThis.answer = JSON.parse(readFileSync('answer.json', 'utf8'))
globalThis.show = (what, value) => {
  try {
    value()
  } catch (error) {
    console.log(`run:    ${what}: ${error.message}`)
  }
}
await import('./program.js')
EOF
{
  echo "python: $(sed -n 's/^ *items: //p' items.py)"
  echo "types:  $(sed -n 's/^ *items: //p' items.ts), $(sed -n 's/^ *\(input: .*\)/\1/p' items.ts)"
  echo "tsc:    $errors errors"
  env -i PATH="$PATH" HOME="$work" node run.mjs
} | tee -a report
cat >expected <<'EOF'
answer: [{"summary": "ran ls", "name": "ls", "input": null}, {"summary": "done"}]
python: list[ItemsResultItemsCall]
types:  ItemsResultItemsCall[], input: string | undefined
tsc:    0 errors
run:    item 0: input has a length: Cannot read properties of null (reading 'length')
run:    item 1: name in capitals: Cannot read properties of undefined (reading 'toUpperCase')
EOF
cmp report expected
