import { isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import type { EntityReference, PolicyOnlyQuestion } from './policy-only/index.ts'
import { malformedRequest } from './read-request.ts'

/** One question (Authorization API 1.0, Access Evaluation request). */
export type Question = PolicyOnlyQuestion

const MAX_CHARACTERS = 1024

/** The whole question of a request. @throws Problem `evaluation.malformed` */
export function readQuestion(from: JsonObject): Question {
  return {
    subject: readEntity(from.get('subject'), 'subject'),
    action: readAction(from.get('action')),
    resource: readEntity(from.get('resource'), 'resource'),
    context: readContext(from.get('context')),
  }
}

export function readEntity(value: Json | undefined, name: 'subject' | 'resource'): EntityReference {
  const entity = objectAt(value, name)
  return {
    type: textAt(entity, 'type', name),
    id: textAt(entity, 'id', name),
    properties: propertiesOf(entity, name),
  }
}

/** One whose id is searched for. An id that is there is not looked at. */
export function readType(value: Json | undefined, name: 'subject' | 'resource'): string {
  return textAt(objectAt(value, name), 'type', name)
}

export function readAction(value: Json | undefined): Question['action'] {
  const action = objectAt(value, 'action')
  return { name: textAt(action, 'name', 'action'), properties: propertiesOf(action, 'action') }
}

export function readContext(value: Json | undefined): JsonObject | undefined {
  if (value === undefined || value === null) return undefined
  if (!isObject(value)) throw malformedRequest('`context` has to be an object')
  return value
}

function propertiesOf(entity: JsonObject, name: string): JsonObject | undefined {
  const value = entity.get('properties')
  if (value === undefined || value === null) return undefined
  if (!isObject(value)) throw malformedRequest(`\`${name}.properties\` has to be an object`)
  return value
}

function objectAt(value: Json | undefined, name: string): JsonObject {
  if (value === undefined) throw malformedRequest(`\`${name}\` is missing`)
  if (!isObject(value)) throw malformedRequest(`\`${name}\` has to be an object`)
  return value
}

function textAt(entity: JsonObject, member: string, name: string): string {
  const value = entity.get(member)
  if (value === undefined) throw malformedRequest(`\`${name}.${member}\` is missing`)
  if (typeof value !== 'string') throw malformedRequest(`\`${name}.${member}\` has to be a string`)
  if (value === '' || value.length > MAX_CHARACTERS)
    throw malformedRequest(`\`${name}.${member}\` has to have 1 to ${MAX_CHARACTERS} characters`)
  return value
}
