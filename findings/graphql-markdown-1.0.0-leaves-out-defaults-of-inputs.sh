#!/usr/bin/env bash
# npm @graphql-markdown/cli 1.0.0 with @graphql-markdown/core 1.21.0 and printer-legacy 1.16.0.
#
# The pages that it makes of a schema have no default value of a field of an input. A non-null field with a default, which may
# be left out, looks required; a nullable one, such as a filter that is ACTIVE unless it is set, looks as if it had no effect.
# The default of an argument is printed where it is a scalar or a nullable list; that of an object is "[object Object]", and a
# non-null list has neither brackets nor quotes, so that it looks like other values.
#
# Why it matters: who reads these pages passes values that nobody needs, and takes a list for the whole that a default narrows.
#
# Seen:
#   the schema:   deleteThreads: Boolean! = false
#   the page:     deleteThreads: Boolean!
#   the schema:   archived: Archived = ACTIVE
#   the page:     archived: Archived
#   the schema:   orderBy: Order! = { field: TITLE, descending: true }
#   the page:     orderBy: Order! = [object Object]
#   the schema:   words: [String!]! = ["a, b", "c"]
#   the page:     words: [String!]! = a, b,c
#   the schema:   first: Int! = 20
#   the page:     first: Int! = 20
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . @graphql-markdown/cli@1.0.0 @graphql-markdown/core@1.21.0 \
  @graphql-markdown/printer-legacy@1.16.0 @graphql-tools/graphql-file-loader@8.1.24 graphql@16.14.0 >/dev/null 2>&1
cat >schema.graphql <<'EOF'
enum Archived { ACTIVE ARCHIVED }
enum OrderField { TITLE }
input Filter {
  archived: Archived = ACTIVE
}
input Order {
  field: OrderField!
  descending: Boolean! = false
}
input DeleteInput {
  id: ID!
  deleteThreads: Boolean! = false
}
type Query {
  sessions(
    first: Int! = 20
    words: [String!]! = ["a, b", "c"]
    filter: Filter
    orderBy: Order! = { field: TITLE, descending: true }
  ): [ID!]
}
type Mutation { delete(input: DeleteInput!): ID }
EOF
cat >.graphqlrc <<'EOF'
schema: schema.graphql
extensions:
  graphql-markdown:
    rootPath: ./pages
    baseURL: api
    loaders:
      GraphQLFileLoader:
        module: "@graphql-tools/graphql-file-loader"
EOF
env -i PATH="$PATH" HOME="$work" node node_modules/.bin/gqlmd graphql-to-doc >/dev/null 2>&1
line() { sed -n "s/^ *\($1: .*\)/\1/p" "$2" | head -1; }
show() {
  echo "the schema:   $(line "$1" schema.graphql)"
  echo "the page:     $(line "$1" "pages/api/$2.md")"
}
{
  show deleteThreads types/inputs/delete-input
  show archived types/inputs/filter
  show orderBy operations/queries/sessions
  show words operations/queries/sessions
  show first operations/queries/sessions
} | tee report
cat >expected <<'EOF'
the schema:   deleteThreads: Boolean! = false
the page:     deleteThreads: Boolean!
the schema:   archived: Archived = ACTIVE
the page:     archived: Archived
the schema:   orderBy: Order! = { field: TITLE, descending: true }
the page:     orderBy: Order! = [object Object]
the schema:   words: [String!]! = ["a, b", "c"]
the page:     words: [String!]! = a, b,c
the schema:   first: Int! = 20
the page:     first: Int! = 20
EOF
cmp report expected
