import type { Counterpart } from '../counterpart.ts'
import { fromNpm } from '../npm.ts'

/** Clients of GraphQL as people install them, and the suite of GraphQL over HTTP. */
export const graphqlClients: Counterpart = {
  name: 'graphql-clients',
  version: '@apollo/client 4.3.8, @urql/core 6.0.3, graphql-http 1.23.1',
  async get() {
    return { REMIT_INTEROP_GRAPHQL_CLIENTS: fromNpm('graphql-clients', import.meta.dirname) }
  },
}
