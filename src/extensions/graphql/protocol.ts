import type { DocumentImporter } from '../../catalog/catalog-changes/index.ts'
import type { ProtocolAdapter } from '../../edges/gateway/index.ts'
import { GRAPHQL_CALL } from './pipeline.ts'
import { planGraphqlImportInWorker } from './plan-graphql-import-in-worker.ts'

export const GRAPHQL_PROTOCOL: ProtocolAdapter = {
  protocol: 'graphql',
  serve: (located, ports) => GRAPHQL_CALL.run(located, ports),
  // An operation in the query of an address has lines.
  takesLines: true,
}

export const GRAPHQL_IMPORTER: DocumentImporter = {
  from: 'document',
  source: 'graphql',
  behindGateway: 'a GraphQL API',
  plan: planGraphqlImportInWorker,
}
