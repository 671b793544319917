import { isObject, type Json, type JsonObject } from '../../../platform/lib/json.ts'
import { objectAt, readInputSchema, textAt, untypedParts } from '../../argument-types/index.ts'
import type { Action } from '../../catalog/index.ts'
import { definitionDigest } from '../definition.ts'
import { proposeRisk } from './hints.ts'
import { review } from './reviewed.ts'
import { firstSentence, proposedSentence } from './sentence.ts'

export interface ReadAction {
  readonly action: Action
  readonly notes: readonly string[]
}

export interface NamedTool {
  readonly resource: string
  /** Name of the action, chosen by the caller so that it is unique. */
  readonly name: string
  /** Name on the server. */
  readonly wire: string
}

/**
 * Members of a tool that clients are shown. Icons (addresses of others), `_meta` and members that
 * we do not know are not passed on.
 */
const SHOWN = ['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations']
const HINTS = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint']

/** A tool as an action, or why it is left out. */
export function readTool(tool: JsonObject, named: NamedTool): ReadAction | string {
  if (textAt(tool.get('execution'), 'taskSupport') === 'required')
    return 'it can only be called as an MCP task'
  const input = tool.get('inputSchema')
  if (!isObject(input)) return 'it does not say what its arguments are'
  const hints = proposeRisk(named.wire, objectAt(tool, 'annotations'))
  const annotations = knownAnnotations(objectAt(tool, 'annotations'), hints.contradicted)
  const shown = new Map(tool)
  if (annotations) shown.set('annotations', annotations)
  else shown.delete('annotations')
  const reviewed = review(shown, SHOWN)
  if (typeof reviewed === 'string') return reviewed
  const read = readInputSchema(objectAt(reviewed.value, 'inputSchema') ?? new Map())
  if (typeof read === 'string') return read
  const words =
    textAt(reviewed.value, 'title') ??
    textAt(objectAt(reviewed.value, 'annotations'), 'title') ??
    firstSentence(textAt(reviewed.value, 'description'))
  const action = actionOf(named, {
    method: 'tools/call',
    access: hints.access,
    risk: hints.risk,
    sentence: proposedSentence(named.wire, read.schema, words),
    arguments: read.schema,
    definition: { kind: 'tool', name: named.wire, json: reviewed.json },
  })
  return { action, notes: [...reviewed.notes, ...read.notes, ...hints.notes] }
}

/** Answers the annotations to pass on; `undefined` when there are none. */
function knownAnnotations(
  given: JsonObject | undefined,
  contradicted: boolean,
): JsonObject | undefined {
  const known = new Map<string, Json>()
  const title = textAt(given, 'title')
  if (title !== undefined) known.set('title', title)
  for (const name of contradicted ? [] : HINTS) {
    const value = given?.get(name)
    if (typeof value === 'boolean') known.set(name, value)
  }
  return known.size === 0 ? undefined : known
}

/** Builds the action from what all actions of an MCP server share. */
export function actionOf(
  { resource, name, wire }: NamedTool,
  described: Pick<Action, 'method' | 'access' | 'risk' | 'sentence' | 'arguments' | 'definition'>,
): Action {
  const untyped = untypedParts(described.arguments)
  const action = { resource, name, path: wire, riskProposed: true, untyped, ...described }
  return { ...action, digest: definitionDigest(action) }
}
