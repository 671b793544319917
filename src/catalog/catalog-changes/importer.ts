import type { Outbound } from '../../platform/net/index.ts'
import type { ImportOptions, ImportPlan } from './plan-resource.ts'

/** Importer of definitions: it plans an import from one kind of source. Modules bring those of their protocols. */
export type Importer = DocumentImporter | ServerImporter

/** Importer of a document that the administrator sends. */
export interface DocumentImporter {
  readonly from: 'document'
  /** Member of the request that has the document. */
  readonly source: 'document' | 'graphql'
  /** Name of the kind, `a …`, where such an API is called through the gateway only. */
  readonly behindGateway?: string
  /** @throws Problem `catalog.…` */
  plan(document: unknown, options: ImportOptions): Promise<ImportPlan>
}

/** Importer of what a server says about itself. */
export interface ServerImporter {
  readonly from: 'server'
  /** Member of the request that has the address of the server. */
  readonly source: 'mcp' | 'a2a'
  /** Name of the kind, with its article. */
  readonly kind: string
  /** Asks the server, with headers of its connection. @throws Problem `catalog.…`, `outbound.…` */
  plan(server: ServerSource, options: ImportOptions): Promise<ImportPlan>
}

/** Server that is asked, and the way to it. */
export interface ServerSource extends Pick<Outbound, 'fetchJson'> {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}
