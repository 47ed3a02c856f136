import type { CodegenConfig } from "@graphql-codegen/cli";

/** Writes `src/gql/`: the types of every operation in `src/`, checked against the server's schema. */
const config: CodegenConfig = {
  schema: "../schema/schema.graphql",
  documents: "src/**/*.{ts,tsx}",
  ignoreNoDocuments: true,
  generates: {
    "src/gql/": {
      preset: "client",
      // Components take the types of fragments as properties, without unmasking them.
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        dedupeFragments: true,
        enumsAsTypes: true,
        // Optimistic answers have it.
        nonOptionalTypename: true,
        skipTypeNameForRoot: true,
        scalars: { ID: "string", BigInt: "number", DateTime: "string", JSON: "unknown" },
      },
    },
  },
};

export default config;
