import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import type { Json, JsonObject } from '../../../platform/lib/json.ts'
import { fieldsSchema, textAt } from '../../argument-types/index.ts'
import { review } from './reviewed.ts'
import { actionOf, type NamedTool, type ReadAction } from './tool.ts'
import { quotedName } from './wire-names.ts'

/** Entries of the list of resources, and of the list of templates. */
const MAX_LISTED = 1_000
/** Characters of both lists together, as text. */
const MAX_CHARACTERS = 512 * 1024
const SHOWN = ['name', 'title', 'description', 'mimeType', 'size', 'annotations']
/** Printable ASCII: the address that a person reads is the one that is requested. */
const PLAIN_URI = /^[\x21-\x7e]{1,2048}$/

/**
 * Reads all resources of a server as one action, which reads any of them by `uri`. Its definition
 * is the listing, so that clients are told of reviewed resources; it does not limit which `uri`
 * may be asked for: bounds and policies do.
 */
export function readResources(
  lists: {
    readonly resources: readonly JsonObject[]
    readonly resourceTemplates: readonly JsonObject[]
  },
  named: NamedTool,
): ReadAction {
  const notes: string[] = []
  const resources = listed(lists.resources, 'uri', notes)
  const resourceTemplates = listed(lists.resourceTemplates, 'uriTemplate', notes)
  const whole = canonicalJson({ resources, resourceTemplates })
  const tooLong = whole.length > MAX_CHARACTERS
  if (tooLong) notes.push('the lists of resources are too long to be shown; reading still works')
  // A prefix as bound is only worth something when nothing can climb out of it.
  const uri = { name: 'uri', required: true, nullable: false, type: { kind: 'path' } } as const
  const action = actionOf(named, {
    method: 'resources/read',
    access: 'read',
    risk: 'low',
    sentence: 'Read the resource {uri}',
    arguments: fieldsSchema([uri], false),
    definition: {
      kind: 'resource',
      name: 'resources/read',
      json: tooLong ? '{"resourceTemplates":[],"resources":[]}' : whole,
    },
  })
  return { action, notes }
}

function listed(
  given: readonly JsonObject[],
  address: 'uri' | 'uriTemplate',
  notes: string[],
): readonly Json[] {
  const kept = new Map<string, Json>()
  for (const each of given.slice(0, MAX_LISTED)) {
    const uri = textAt(each, address)
    const reviewed =
      uri !== undefined && PLAIN_URI.test(uri)
        ? review(each, [address, ...SHOWN])
        : 'it has no plain address'
    if (uri === undefined || typeof reviewed === 'string') {
      notes.push(`the resource ${quotedName(uri ?? each.get('name'))} is not listed: ${reviewed}`)
      continue
    }
    if (kept.has(uri)) continue
    kept.set(uri, reviewed.value)
    notes.push(...reviewed.notes.map((note) => `of the resource ${quotedName(uri)}: ${note}`))
  }
  if (given.length > MAX_LISTED)
    notes.push(`only the first ${MAX_LISTED} of ${given.length} resources are listed`)
  return [...kept.values()]
}
