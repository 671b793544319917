import { isObject, type Json, type JsonObject } from '../../../platform/lib/json.ts'
import { readInputSchema, textAt } from '../../argument-types/index.ts'
import { review } from './reviewed.ts'
import { firstSentence, proposedSentence } from './sentence.ts'
import { actionOf, type NamedTool, type ReadAction } from './tool.ts'

const STRING: JsonObject = new Map([['type', 'string']])

/** A prompt as an action, or why it is left out. Its arguments are strings (MCP, "Prompts"); to get it is to read. */
export function readPrompt(prompt: JsonObject, named: NamedTool): ReadAction | string {
  const reviewed = review(prompt, ['name', 'title', 'description', 'arguments'])
  if (typeof reviewed === 'string') return reviewed
  const schema = argumentSchema(reviewed.value.get('arguments') ?? [])
  const read = typeof schema === 'string' ? schema : readInputSchema(schema)
  if (typeof read === 'string') return read
  const words =
    textAt(reviewed.value, 'title') ?? firstSentence(textAt(reviewed.value, 'description'))
  const action = actionOf(named, {
    method: 'prompts/get',
    access: 'read',
    risk: 'low',
    sentence: proposedSentence(named.wire, read.schema, words),
    arguments: read.schema,
    definition: { kind: 'prompt', name: named.wire, json: reviewed.json },
  })
  return { action, notes: [...reviewed.notes, ...read.notes] }
}

/** The list of a prompt's arguments as the schema of an object. */
function argumentSchema(given: Json): JsonObject | string {
  if (!Array.isArray(given) || !given.every(isObject)) return 'its arguments are not a list'
  const properties = new Map<string, Json>()
  const required: string[] = []
  for (const argument of given) {
    const name = textAt(argument, 'name')
    if (name === undefined || properties.has(name))
      return 'its arguments do not have names of their own'
    properties.set(name, STRING)
    if (argument.get('required') === true) required.push(name)
  }
  return new Map<string, Json>([
    ['type', 'object'],
    ['properties', properties],
    ['required', required],
  ])
}
