import type { ArgumentSchema } from '@remit/engine'
import { ExactNumber, isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'

/** Method with which a client asks for values of an argument while a person types it (MCP, "Completion"). */
export const COMPLETE = 'completion/complete'

/** Maximum number of values in an answer ("Completion"). */
const MAX_VALUES = 100
/** Maximum characters of a name, and of a value. */
const MAX_NAME = 128
const MAX_VALUE = 1_024
/** Maximum number of arguments that are known already. */
const MAX_KNOWN = 64
/** Member that names the completed prompt or resource, by the type of the reference. */
const NAMED_BY: ReadonlyMap<Json | undefined, string> = new Map([
  ['ref/prompt', 'name'],
  ['ref/resource', 'uri'],
])

/** Reads the parameters as they are sent to the server. Returns a text when something is wrong with them, which says what. */
export function readCompletion(params: JsonObject): JsonObject | string {
  const [ref, argument, context] = ['ref', 'argument', 'context'].map((name) => params.get(name))
  const type = isObject(ref) ? ref.get('type') : undefined
  const by = NAMED_BY.get(type)
  const named = isObject(ref) && by !== undefined ? ref.get(by) : undefined
  if (type === undefined || by === undefined || typeof named !== 'string')
    return '`ref` has to be of type `ref/prompt` with a `name`, or `ref/resource` with a `uri`'
  const [name, value] = isObject(argument) ? [argument.get('name'), argument.get('value')] : []
  if (!isText(name, MAX_NAME) || !isText(value, MAX_VALUE))
    return `\`argument\` has to have a \`name\` and a \`value\`, of ${MAX_VALUE} characters at most`
  const known = readKnown(context)
  if (known === undefined)
    return `\`context\` may have \`arguments\`: ${MAX_KNOWN} strings at most, of ${MAX_VALUE} characters at most`
  return new Map<string, Json>([
    ['ref', new Map([['type', type]]).set(by, named)],
    ['argument', new Map(Object.entries({ name, value }))],
    ...(known.size === 0
      ? []
      : [['context', new Map([['arguments', known]])] as [string, JsonObject]]),
  ])
}

function readKnown(context: Json | undefined): JsonObject | undefined {
  const known = isObject(context) ? (context.get('arguments') ?? NOTHING) : context
  if (known === undefined) return NOTHING
  if (!isObject(known) || known.size > MAX_KNOWN) return undefined
  const isPlain = [...known].every(([name, value]) => isText(name, MAX_NAME) && isText(value))
  return isPlain ? known : undefined
}

const NOTHING: JsonObject = new Map()

function isText(value: Json | undefined, max = MAX_VALUE): value is string {
  return typeof value === 'string' && value.length <= max
}

/**
 * Checks whether a completion is about this action: a prompt, or reading by a template that was reviewed. `reviewed`: what its
 * definition says.
 */
export function isCompleted(
  { method, path }: { readonly method: string; readonly path: string },
  reviewed: Json | undefined,
  params: JsonObject,
): boolean {
  const { name, uri } = refOf(params)
  if (method === 'prompts/get') return name !== undefined && path === name
  const templates = isObject(reviewed) ? reviewed.get('resourceTemplates') : undefined
  return (
    uri !== undefined &&
    method === 'resources/read' &&
    Array.isArray(templates) &&
    templates.some((each: Json) => isObject(each) && each.get('uriTemplate') === uri)
  )
}

/**
 * Arguments of the call that is being written: those that are known, and empty ones where others are required. No decision looks
 * at them (`Call.incomplete`).
 */
export function argumentsSoFar(
  { arguments: schema }: { readonly arguments: ArgumentSchema },
  params: JsonObject,
): JsonObject {
  const { uri } = refOf(params)
  if (uri !== undefined) return new Map([['uri', uri]])
  const [argument, context] = [params.get('argument'), params.get('context')]
  const known = isObject(context) ? context.get('arguments') : undefined
  const required = schema.arguments.filter((each) => each.required)
  const typed: [string, Json][] = isObject(argument)
    ? [[String(argument.get('name')), argument.get('value') ?? '']]
    : []
  return new Map([
    ...required.map(({ wire }): [string, Json] => [wire, '']),
    ...(isObject(known) ? known : []),
    ...typed,
  ])
}

function refOf(params: JsonObject): Readonly<Record<string, Json | undefined>> {
  const ref = params.get('ref')
  return isObject(ref) ? Object.fromEntries(ref) : {}
}

/** Result of a completion with what a server says, without values that are too long, or too many; by default with none. */
export function completionResult(meta: JsonObject, said?: Json): JsonObject {
  const [given, more, total] = isObject(said)
    ? ['values', 'hasMore', 'total'].map((name) => said.get(name))
    : []
  const texts = Array.isArray(given) ? given.filter((each: Json) => isText(each)) : []
  const isNumber = total instanceof ExactNumber && /^(?:0|[1-9][0-9]{0,14})$/.test(total.text)
  const completion = new Map<string, Json>([
    ['values', texts.slice(0, MAX_VALUES)],
    ['hasMore', more === true || texts.length > MAX_VALUES],
    ...(isNumber ? [['total', total] as [string, Json]] : []),
  ])
  return new Map([
    ['completion', completion],
    ['_meta', meta],
  ])
}
