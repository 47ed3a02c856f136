// The printed schema, as graphql-js reads it, beside the schema as agreed.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { CriticalityLevel, diff } from '@graphql-inspector/core'
import { buildSchema, validateSchema } from 'graphql'
import { check, given, report } from './checks.mjs'

const built = (path) => buildSchema(readFileSync(path, 'utf8'))

check('schema_is_valid', async () => {
  assert.deepEqual(validateSchema(built(given.schema)).map(String), [])
})

check('nothing_that_was_agreed_is_broken', async () => {
  const changes = await diff(built(given.agreed), built(given.schema))
  const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
  assert.deepEqual(breaking.map(({ type, path }) => `${type} ${path}`), [])
})

await report()
