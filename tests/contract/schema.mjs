// The printed schema, read by graphql-js and compared with the contract.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { CriticalityLevel, diff } from '@graphql-inspector/core'
import { buildSchema, validateSchema } from 'graphql'
import { check, given, report } from './checks.mjs'

const built = (path) => buildSchema(readFileSync(path, 'utf8'))

check('schema_is_valid', async () => {
  assert.deepEqual(validateSchema(built(given.schema)).map(String), [])
})

check('no_change_of_the_contract_is_breaking', async () => {
  const changes = await diff(built(given.contract), built(given.schema))
  const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
  assert.deepEqual(breaking.map(({ type, path }) => `${type} ${path}`), [])
})

await report()
