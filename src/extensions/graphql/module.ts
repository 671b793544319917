import type { Module } from '../module.ts'

const SETTINGS = {}

/** GraphQL APIs: their schemas are imported, and each root field of an operation is decided as a call. */
export const GRAPHQL: Module<typeof SETTINGS> = {
  name: 'graphql',
  settings: SETTINGS,
  async open() {
    const { GRAPHQL_IMPORTER, GRAPHQL_PROTOCOL } = await import('./protocol.ts')
    return { protocols: [GRAPHQL_PROTOCOL], importers: [GRAPHQL_IMPORTER] }
  },
}
