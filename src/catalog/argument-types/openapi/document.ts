import { isObject, type Json, type JsonObject } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'

/** The member of an object when it is one itself. */
export function objectAt(value: Json | undefined, name: string): JsonObject | undefined {
  const member = isObject(value) ? value.get(name) : undefined
  return isObject(member) ? member : undefined
}

export function textAt(value: Json | undefined, name: string): string | undefined {
  const member = isObject(value) ? value.get(name) : undefined
  return typeof member === 'string' ? member : undefined
}

export function badDocument(detail: string, cause?: unknown): Problem {
  return new Problem('catalog.bad_document', detail, { cause })
}
