import {
  type Argument,
  type ArgumentLocation,
  type ArgumentSchema,
  neededOfBody,
  type Risk,
  type UntypedPart,
} from '@remit/engine'
import { isObject, type JsonObject } from '../../../platform/lib/json.ts'
import { cut, legible } from '../../../platform/lib/text/visible.ts'
import {
  OperationReader,
  type ParseBudget,
  textAt,
  untypedParts,
} from '../../argument-types/index.ts'
import {
  type Action,
  checkSentence,
  defaultSentence,
  displayMistake,
  isRisk,
} from '../../catalog/index.ts'
import { definitionDigest } from '../definition.ts'
import { readRequestBody } from './body.ts'
import { readParameters } from './parameters.ts'
import { whyUncallable } from './uncallable.ts'

export interface ReadOperation {
  readonly action: Action
  readonly notes: readonly string[]
  /** Reason why it cannot be called through the gateway. */
  readonly uncallable: string | undefined
}

/** One operation as an action. `name` has been chosen by the caller, so that it is unique. */
export function readOpenapiOperation(
  document: JsonObject,
  effort: ParseBudget,
  place: {
    resource: string
    name: string
    method: string
    path: string
    item: JsonObject
    operation: JsonObject
  },
): ReadOperation {
  const { resource, name, method, path, item, operation } = place
  const reader = new OperationReader(document, effort)
  const parameters = readParameters(reader, item, operation)
  const { body, arguments: members } = readRequestBody(reader, operation)
  const given = onlyOfPath(reader, path, parameters.arguments)
  const schema: ArgumentSchema = { arguments: namedApart(reader, [...given, ...members]), body }
  if (body.form === 'opaque' && !body.required)
    reader.note('can be called without a body only: its body cannot be read')
  const [needed] = body.required ? [] : neededOfBody(schema)
  if (needed !== undefined)
    reader.note(`cannot be called without a body: each has to have \`${needed}\``)
  const untyped: readonly UntypedPart[] = [...parameters.elsewhere, ...untypedParts(schema)]
  const wish = operation.get('x-remit-risk')
  if (wish !== undefined && !isRisk(wish))
    reader.note('`x-remit-risk` is not low, medium, high or critical')
  const definition = {
    resource,
    name,
    method,
    path,
    access: accessOf(method),
    arguments: schema,
    untyped,
    ...describedAs(operation),
  }
  const action: Action = {
    ...definition,
    risk: isRisk(wish) ? wish : proposedRisk(method),
    riskProposed: true,
    sentence: '',
    definition: undefined,
    digest: definitionDigest(definition),
  }
  return {
    action: {
      ...action,
      ...statedDisplays(reader, action, operation),
      sentence: proposedSentence(reader, action, operation),
    },
    notes: reader.notes,
    uncallable: whyUncallable(document, schema, parameters.described),
  }
}

const MAX_DESCRIPTION = 8_192

/** Summary and description, with nothing hidden in them. */
function describedAs(operation: JsonObject): Pick<Action, 'description'> {
  const words = ['summary', 'description'].flatMap((name) => textAt(operation, name) ?? [])
  const { text } = legible(words.join('\n\n'))
  if (text.trim() === '') return {}
  const long = text.length > MAX_DESCRIPTION
  return { description: long ? `${cut(text, MAX_DESCRIPTION - 1)}…` : text }
}

/** Every `{name}` of the path is a required string when the document forgets to describe it; parameters that the path lacks are dropped. */
function onlyOfPath(
  reader: OperationReader,
  path: string,
  given: readonly Argument[],
): readonly Argument[] {
  const names = Array.from(path.matchAll(/\{([^{}]+)\}/g), (match) => match[1] ?? '')
  const described = new Map(
    given.filter(({ place }) => place === 'path').map((each) => [each.wire, each]),
  )
  for (const stray of described.keys()) {
    if (!names.includes(stray)) reader.note(`the path parameter \`${stray}\` is not in the path`)
  }
  const ofPath = names.map(
    (wire): Argument =>
      described.get(wire) ?? {
        name: wire,
        wire,
        place: 'path',
        required: true,
        nullable: false,
        type: { kind: 'string' },
      },
  )
  return [...ofPath, ...given.filter(({ place }) => place === 'query')]
}

const PRECEDENCE: readonly ArgumentLocation[] = ['path', 'query', 'body']

/**
 * Path, query and body share one name space in policies. The path keeps its names, then the query; what collides is called
 * `query_id` or `body_id`, and the import says so.
 */
function namedApart(reader: OperationReader, args: readonly Argument[]): readonly Argument[] {
  const taken = new Set<string>()
  const named: Argument[] = []
  for (const place of PRECEDENCE) {
    const here = args.filter((each) => each.place === place)
    const own = new Set(here.map(({ name }) => name))
    for (const each of here) {
      let name = each.name
      while (taken.has(name) || (name !== each.name && own.has(name))) name = `${place}_${name}`
      if (name !== each.name)
        reader.note(`\`${each.name}\` of the ${place} is called \`${name}\` here`)
      taken.add(name)
      named.push({ ...each, name })
    }
  }
  return named
}

function proposedSentence(reader: OperationReader, action: Action, operation: JsonObject): string {
  const wish = textAt(operation, 'x-remit-sentence')
  const fallback = defaultSentence(action, textAt(operation, 'summary'))
  if (wish === undefined) return fallback
  const mistakes = checkSentence(wish, action.arguments)
  if (mistakes.length === 0) return wish
  reader.note(`\`x-remit-sentence\` is not used: ${mistakes.join('; ')}`)
  return fallback
}

/** Ways of showing arguments that the document states: `x-remit-displays: { /amount: 'currency:EUR' }`. */
function statedDisplays(
  reader: OperationReader,
  action: Action,
  operation: JsonObject,
): Pick<Action, 'displays'> {
  const stated = operation.get('x-remit-displays')
  if (stated === undefined) return {}
  if (!isObject(stated)) {
    reader.note('`x-remit-displays` is not an object')
    return {}
  }
  const displays: Record<string, string> = {}
  for (const [path, text] of stated) {
    const mistake = displayMistake(action, path, typeof text === 'string' ? text : '')
    if (mistake === undefined) displays[path] = String(text)
    else reader.note(`\`x-remit-displays\` is not used for \`${path}\`: ${mistake}`)
  }
  return { displays }
}

/** The risk class that a method suggests. An administrator has the last word (`set-risk.ts`). */
function proposedRisk(method: string): Risk {
  if (method === 'GET' || method === 'HEAD') return 'low'
  return method === 'DELETE' ? 'high' : 'medium'
}

function accessOf(method: string): Action['access'] {
  return method === 'GET' || method === 'HEAD' ? 'read' : 'write'
}
