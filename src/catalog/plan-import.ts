import { sha256url } from '../lib/bytes.ts'
import { canonicalJson } from '../lib/canonical-json.ts'
import { isName } from '../lib/id.ts'
import { Problem } from '../lib/problem.ts'
import {
  bad,
  isObject,
  type JsonObject,
  objectAt,
  readDocument,
  textAt,
} from './openapi/document.ts'
import { operationName, readOperation } from './openapi/operation.ts'
import { resolve } from './openapi/references.ts'
import { parseTemplate, templateShape } from './path-template.ts'
import type { Action, Resource } from './resource.ts'
import { visible } from './visible.ts'

export interface ImportOptions {
  readonly name: string
  /** Public address: behind the gateway `<gateway>/<name>`. */
  readonly identifier: string
  /** Default `gateway`. */
  readonly mode?: 'gateway' | 'direct'
  /** Where the API really is. Default: the document's first server, when that is a whole address. */
  readonly upstream?: string
  /** Inside the trust domain: receives the transaction token. Default: no. */
  readonly trusted?: boolean
  readonly connection?: string | undefined
  /** Default: the document's own title. */
  readonly title?: string
}

/** What would be in the catalog, before anything is written. Plain data. */
export interface ImportPlan {
  readonly resource: PlannedResource
  readonly actions: readonly Action[]
  /** What an administrator should read: renamed arguments, operations left out, patterns not enforced. */
  readonly notes: readonly string[]
}

export type PlannedResource = {
  readonly name: string
  readonly identifier: string
  readonly title: string
  readonly mode: 'gateway' | 'direct'
  readonly upstream: string
  readonly trusted: boolean
  readonly connection: string | undefined
  readonly documentDigest: string
  readonly protocol: Resource['protocol']
  readonly server: Resource['server']
}

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const
const NOT_OFFERED = ['options', 'trace', 'connect'] as const
const MOST_ACTIONS = 10_000

/**
 * Reads an OpenAPI 3.0 or 3.1 document (JSON or YAML text, or parsed) as a resource with its actions. Pure: fetches nothing, writes
 * nothing. Large YAML takes seconds; servers call `planImportAside`.
 * @throws Problem `catalog.bad_document`, `catalog.bad_resource`
 */
export function planImport(document: unknown, options: ImportOptions): ImportPlan {
  const root = readDocument(document)
  const resource = planResource(root, options)
  const actions = new Map<string, Action>()
  const shapes = new Map<string, string>()
  const notes: string[] = []
  for (const place of operationsOf(root, notes)) {
    const { method, path, operation } = place
    const where = `${method} ${path}`
    const segments = parseTemplate(path)
    if (typeof segments === 'string') {
      notes.push(`${where} is left out: ${segments}`)
      continue
    }
    const shape = `${method} ${templateShape(segments)}`
    const same = shapes.get(shape)
    if (same !== undefined) {
      notes.push(`${where} is left out: ${same} matches the same requests`)
      continue
    }
    shapes.set(shape, where)
    const name = freeName(
      `${resource.name}.${operationName(resource.name, method, path, operation)}`,
      actions,
    )
    const read = readOperation(root, { ...place, resource: resource.name, name })
    actions.set(name, read.action)
    notes.push(...read.notes.map((note) => `${name}: ${note}`))
    if (actions.size > MOST_ACTIONS)
      throw bad(`the document has more than ${MOST_ACTIONS} operations`)
  }
  if (actions.size === 0) throw bad('the document has no operation that can be offered')
  return { resource, actions: [...actions.values()], notes }
}

interface Place {
  method: string
  path: string
  item: JsonObject
  operation: JsonObject
}

/** In the order of the document. */
function* operationsOf(root: JsonObject, notes: string[]): Generator<Place> {
  for (const [path, node] of objectAt(root, 'paths') ?? []) {
    if (path.startsWith('x-')) continue
    const item = resolve(root, node)
    if (!item.ok) {
      notes.push(`${path} is left out: ${item.reason}`)
      continue
    }
    for (const method of METHODS) {
      const operation = item.value.get(method)
      if (isObject(operation))
        yield { method: method.toUpperCase(), path, item: item.value, operation }
    }
    for (const method of NOT_OFFERED) {
      if (item.value.has(method))
        notes.push(`${method.toUpperCase()} ${path} is left out: the method is not offered`)
    }
  }
}

/** The second operation of a name is `…-2`. */
function freeName(wish: string, taken: ReadonlyMap<string, unknown>): string {
  let name = wish
  for (let n = 2; taken.has(name); n++) name = `${wish}-${n}`
  return name
}

function planResource(root: JsonObject, options: ImportOptions): PlannedResource {
  const { name, identifier, connection } = options
  if (!isName(name)) {
    throw badResource(
      `\`${name}\` is not a name: lower-case letters, digits and hyphens, 2 to 63 characters`,
    )
  }
  const upstream = options.upstream ?? firstServer(root)
  if (upstream === undefined)
    throw badResource('no upstream address was given, and the document has none')
  return {
    name,
    identifier: checkAddress('identifier', identifier),
    title: visible((options.title ?? textAt(root.get('info'), 'title') ?? name).slice(0, 200)),
    mode: options.mode ?? 'gateway',
    upstream: checkAddress('upstream', upstream.replace(/\/+$/, '')),
    trusted: options.trusted ?? false,
    connection,
    documentDigest: sha256url(canonicalJson(root)),
    protocol: 'http',
    server: undefined,
  }
}

function firstServer(root: JsonObject): string | undefined {
  const servers = root.get('servers')
  const url = Array.isArray(servers) ? textAt(servers[0], 'url') : undefined
  return url !== undefined && /^https?:\/\/[^{}]+$/.test(url) ? url : undefined
}

/** Compared byte by byte ever after: so it has to be written the one way that a URL parser writes it. */
function checkAddress(what: string, text: string): string {
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
