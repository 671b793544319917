import { isName } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { visible } from '../../platform/lib/text/visible.ts'
import type { Action, PinnedDefinition, PlannedResource } from '../catalog/index.ts'

export interface ImportOptions {
  readonly name: string
  /** Public address: behind the gateway `<gateway>/<name>`. */
  readonly identifier: string
  /** Default `gateway`. */
  readonly mode?: 'gateway' | 'direct'
  /**
   * Address of the API itself. Default: the document's first server, when that is a whole address.
   * Of an MCP server: its endpoint.
   */
  readonly upstream?: string
  /**
   * Upstream of a resource that is in the catalog already: it stays there when `upstream` is left
   * out, whatever the document says.
   */
  readonly upstreamBefore?: string
  /** Inside the trust domain: receives the transaction token. Default: no. */
  readonly trusted?: boolean
  readonly connection?: string | undefined
  /** Default: the document's, or the server's, own title. */
  readonly title?: string
  /** Known names of an MCP server that is in the catalog already: `knownNames`. */
  readonly known?: readonly KnownName[]
  /** Actions of an HTTP API that is in the catalog already: imported actions keep their names. */
  readonly operations?: readonly KnownOperation[]
  /**
   * Trust in the mappings of an MCP server: what its tools say about requests to decision points
   * counts. Changes only the notes.
   */
  readonly mappingsTrusted?: boolean
}

/** Tool or prompt of a server that an action is, from the day it was imported. */
export interface KnownName {
  readonly name: string
  readonly kind: PinnedDefinition['kind']
  /** Name on the server. */
  readonly wire: string
}

/** Operation of an HTTP API, with its own name and those that it was given. */
export type KnownOperation = Pick<Action, 'name' | 'names' | 'method' | 'path'>

/** Operation that cannot be called, and the reason in words. */
export interface UncallableOperation {
  readonly action: string
  readonly reason: string
}

/** Plan of an import: what would be in the catalog, before anything is written. Plain data. */
export interface ImportPlan {
  readonly resource: PlannedResource
  readonly actions: readonly Action[]
  /**
   * Notes that an administrator should read: renamed arguments, operations left out, patterns not
   * enforced, hints that contradict each other.
   */
  readonly notes: readonly string[]
  /** Operations that the gateway cannot call as they are described; left out: none. */
  readonly uncallable?: readonly UncallableOperation[]
  /**
   * Shapes that its answers can have, where the document describes them: `shapesText`. For an MCP
   * server, the definitions have them.
   */
  readonly answers?: string
}

/** Source of an import, as a document or a server describes itself. */
export interface DescribedSource
  extends Pick<PlannedResource, 'documentDigest' | 'protocol' | 'server'> {
  readonly title: string | undefined
  readonly upstream: string | undefined
}

/**
 * The resource of an import: the administrator's settings, and for the rest those of the document.
 * @throws Problem `catalog.bad_resource`
 */
export function planResource(options: ImportOptions, found: DescribedSource): PlannedResource {
  const { name, identifier, connection } = options
  const { documentDigest, protocol, server } = found
  if (!isName(name)) {
    throw badResource(
      `\`${name}\` is not a name: lower-case letters, digits and hyphens, 2 to 63 characters`,
    )
  }
  const upstream = options.upstream ?? options.upstreamBefore ?? found.upstream
  if (upstream === undefined)
    throw badResource('no upstream address was given, and the document has none')
  return {
    name,
    identifier: checkAddress('identifier', identifier),
    title: visible((options.title ?? found.title ?? name).slice(0, 200)),
    mode: options.mode ?? 'gateway',
    upstream: checkAddress('upstream', upstream.replace(/\/+$/, '')),
    trusted: options.trusted ?? false,
    connection,
    documentDigest,
    protocol,
    server,
  }
}

/** The second action of a name is `…-2`. */
export function freeName(wish: string, taken: Pick<ReadonlyMap<string, unknown>, 'has'>): string {
  let name = wish
  for (let n = 2; taken.has(name); n++) name = `${wish}-${n}`
  return name
}

/**
 * Checks an address. It is compared byte by byte ever after: so it has to be written the one way
 * that a URL parser writes it.
 * @throws Problem `catalog.bad_resource`
 */
export function checkAddress(what: string, text: string): string {
  const url = URL.parse(text)
  const plain = url && (url.pathname === '/' ? url.origin : url.origin + url.pathname)
  if (!url || !/^https?:$/.test(url.protocol) || plain !== text || text.endsWith('/')) {
    throw badResource(
      `the ${what} \`${text.slice(0, 200)}\` is not a plain http or https address without slash at the end`,
    )
  }
  return text
}

function badResource(detail: string): Problem {
  return new Problem('catalog.bad_resource', detail)
}

/** A text as a lower-case name: `getOrderByID` → `get-order-by-id`. Empty when nothing in it can be one. */
export function slug(text: string): string {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[^a-z]+|[^a-z0-9]+$/g, '')
    .replaceAll(/([._-])[._-]+/g, '$1')
}
