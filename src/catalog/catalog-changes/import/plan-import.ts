import { parseTemplate } from '@remit/engine'
import { sha256url } from '../../../platform/lib/bytes.ts'
import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { isObject, type JsonObject } from '../../../platform/lib/json.ts'
import {
  answersOf,
  badDocument,
  OUTSIDE,
  objectAt,
  ParseBudget,
  resolve,
  ShapeReader,
  shapesText,
  textAt,
} from '../../argument-types/index.ts'
import { type Action, Routes } from '../../catalog/index.ts'
import { linkedReads, type ReadPlace } from '../openapi/links.ts'
import { readOpenapiOperation } from '../openapi/operation.ts'
import { OperationNames } from '../openapi/operation-names.ts'
import { readOpenapiDocument } from '../openapi/read-document.ts'
import { type PackedPlan, packPlan } from '../packed-plan.ts'
import {
  type ImportOptions,
  type ImportPlan,
  planResource,
  type UncallableOperation,
} from '../plan-resource.ts'
import { proposePreviews } from '../previews.ts'

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const
const NOT_OFFERED = ['options', 'trace', 'connect'] as const
const MAX_ACTIONS = 10_000

/**
 * Reads an OpenAPI 3.0 or 3.1 document (JSON or YAML text, or parsed) as a resource with its actions. Pure: fetches nothing, writes
 * nothing. Large YAML takes seconds, and a parser that nothing else needs; servers call `planImportInWorker`.
 * @throws Problem `catalog.bad_document`, `catalog.bad_resource`
 */
export function planImport(document: unknown, options: ImportOptions): ImportPlan {
  const root = readOpenapiDocument(document)
  const server = firstServer(root)
  const resource = planResource(options, {
    title: textAt(root.get('info'), 'title'),
    upstream: server,
    documentDigest: sha256url(canonicalJson(root)),
    protocol: 'http',
    server: undefined,
  })
  const actions = new Map<string, Action>()
  const notes: string[] = []
  const uncallable: UncallableOperation[] = []
  const effort = new ParseBudget()
  const shapes = new ShapeReader(root)
  const answers = new Map<string, number>()
  const places: ReadPlace[] = []
  if (options.upstream === undefined && server !== undefined && !isAt(server, resource.upstream))
    notes.push(`the upstream stays ${resource.upstream}; the document says ${server}`)
  const operations = servable([...operationsOf(root, notes)], notes)
  const names = new OperationNames(resource.name, operations, options.operations ?? [])
  for (const place of operations) {
    const name = names.of(place, actions)
    const read = readOpenapiOperation(root, effort, { ...place, resource: resource.name, name })
    actions.set(name, read.action)
    places.push({ ...place, action: read.action })
    if (read.uncallable !== undefined && resource.mode === 'gateway')
      uncallable.push({ action: name, reason: read.uncallable })
    const answered = answersOf(shapes, root, place.operation)
    if (answered !== undefined) answers.set(name, answered)
    notes.push(...read.notes.map((note) => `${name}: ${note}`))
    if (actions.size > MAX_ACTIONS)
      throw badDocument(`the document has more than ${MAX_ACTIONS} operations`)
  }
  if (isTorn(notes, actions.values()))
    notes.push('parts of the description are in other files: `--openapi DIR` reads a directory')
  if (actions.size === 0) throw badDocument('the document has no operation that can be used')
  return {
    resource,
    actions: proposePreviews([...actions.values()], linkedReads(root, places)),
    notes,
    ...(uncallable.length === 0 ? {} : { uncallable }),
    ...(answers.size === 0
      ? {}
      : { answers: shapesText({ nodes: shapes.finish(), of: Object.fromEntries(answers) }) }),
  }
}

/**
 * Selects the operations that a gateway can match in one way. Of two that match the same requests
 * the first stays.
 */
function servable(places: readonly Place[], notes: string[]): readonly Place[] {
  const routes = new Routes()
  const read = places.flatMap((place) => {
    const segments = parseTemplate(place.path)
    if (typeof segments !== 'string') return [{ place, segments }]
    notes.push(`${place.method} ${place.path} is left out: ${segments}`)
    return []
  })
  for (const { place, segments } of read) routes.add(place.method, place.path, segments)
  return read.flatMap(({ place, segments }) => {
    const { method, path } = place
    const rival = routes.rivalOf(method, path, segments)
    if (rival === undefined) return [place]
    notes.push(`${method} ${path} is left out: ${method} ${rival} matches the same requests`)
    return []
  })
}

interface Place {
  method: string
  path: string
  item: JsonObject
  operation: JsonObject
}

/** Lists the operations in the order of the document. */
function* operationsOf(root: JsonObject, notes: string[]): Generator<Place> {
  for (const [path, node] of objectAt(root, 'paths') ?? []) {
    if (path.startsWith('x-')) continue
    const item = resolve(root, node)
    if (!item.ok) {
      notes.push(`${path} is left out: ${item.reason}`)
      continue
    }
    for (const method of METHODS) {
      const node = item.value.get(method)
      if (!isObject(node)) continue
      const operation = resolve(root, node)
      if (operation.ok)
        yield { method: method.toUpperCase(), path, item: item.value, operation: operation.value }
      else notes.push(`${method.toUpperCase()} ${path} is left out: ${operation.reason}`)
    }
    for (const method of NOT_OFFERED) {
      if (item.value.has(method))
        notes.push(`${method.toUpperCase()} ${path} is left out: the method is not offered`)
    }
  }
}

/** Tells whether anything refers to another file. */
function isTorn(notes: readonly string[], actions: Iterable<Action>): boolean {
  const says = (text: string) => text.includes(OUTSIDE)
  return notes.some(says) || [...actions].some((each) => each.untyped.some((at) => says(at.reason)))
}

function isAt(server: string, upstream: string): boolean {
  return server.replace(/\/+$/, '') === upstream
}

function firstServer(root: JsonObject): string | undefined {
  const servers = root.get('servers')
  const url = Array.isArray(servers) ? textAt(servers[0], 'url') : undefined
  return url !== undefined && /^https?:\/\/[^{}]+$/.test(url) ? url : undefined
}

/** Plans an import for another thread. */
export function planPackedImport(document: unknown, options: ImportOptions): PackedPlan {
  return packPlan(planImport(document, options))
}
