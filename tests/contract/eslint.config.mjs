import graphqlPlugin from '@graphql-eslint/eslint-plugin'

const recommended = graphqlPlugin.configs['flat/schema-recommended'].rules
const own = {
  'input-name': 'error',
  'no-scalar-result-type-on-mutation': 'error',
  'relay-arguments': ['error', { includeBoth: false }],
  'relay-connection-types': 'error',
  'relay-edge-types': [
    'error',
    { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
  ],
  'relay-page-info': 'error',
  'require-deprecation-date': 'error',
  'strict-id-in-types': [
    'error',
    {
      exceptions: {
        suffixes: ['Connection', 'Edge', 'Payload', 'Block', 'Error'],
        types: [
          'ActivityPoint',
          'Agent',
          'Handoff',
          'HandoffFile',
          'HandoffLoss',
          'PageInfo',
          'SessionChange',
          'SessionFacets',
          'SessionHit',
          'SourceFacet',
          'TextFacet',
          'TextSpan',
          'ThreadEvent',
          'TokenUsage',
          'ToolStatistics',
        ],
      },
    },
  ],
}

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: {
      parser: graphqlPlugin.parser,
      parserOptions: { graphQLConfig: { schema: 'schema/schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphqlPlugin },
    rules: {
      ...recommended,
      ...Object.fromEntries(Object.entries(own).map(([name, value]) => [`@graphql-eslint/${name}`, value])),
    },
  },
]
