/** @type {import('houdini').ConfigFile} */
export default {
  // The test sets both.
  url: 'URL',
  schemaPath: 'SCHEMA',
  include: ['src/**/*.gql'],
  // The lists of fragments are read by their own queries.
  defaultFragmentMasking: 'disable',
  scalars: { BigInt: { type: 'number' }, DateTime: { type: 'string' }, JSON: { type: 'any' } },
}
