import { isObject, type Json, type JsonObject } from '../../../platform/lib/json.ts'
import { objectAt, resolve, textAt } from '../../argument-types/index.ts'
import type { Action } from '../../catalog/index.ts'

type Preview = NonNullable<Action['preview']>

/** An operation of the document and the action that it became. */
export interface ReadPlace {
  readonly action: Action
  readonly method: string
  readonly path: string
  readonly operation: JsonObject
}

/** Links of one operation that are looked at. */
const MAX_LINKS = 20

/**
 * Finds the operations that the answers of an operation link to with nothing but arguments of the call
 * (OpenAPI 3.1, Link Object), by the name of the action.
 */
export function linkedReads(
  root: JsonObject,
  places: readonly ReadPlace[],
): ReadonlyMap<string, readonly Preview[]> {
  const targets = new Map<string, Action>()
  for (const { action, method, operation, path } of places) {
    const id = textAt(operation, 'operationId')
    if (id !== undefined) targets.set(id, action)
    const escaped = path.replaceAll('~', '~0').replaceAll('/', '~1')
    targets.set(`#/paths/${escaped}/${method.toLowerCase()}`, action)
  }
  const found = new Map<string, readonly Preview[]>()
  for (const { action, operation } of places) {
    if (action.access === 'read') continue
    const previews = linksOf(root, operation).flatMap((link) => {
      const target = targets.get(textAt(link, 'operationId') ?? textAt(link, 'operationRef') ?? '')
      const given = target && linkArguments(action, target, link)
      return given ? [{ action: target.name, arguments: given }] : []
    })
    if (previews.length > 0) found.set(action.name, previews)
  }
  return found
}

function linksOf(root: JsonObject, operation: JsonObject): readonly JsonObject[] {
  const links = [...(objectAt(operation, 'responses')?.values() ?? [])].flatMap((node) => {
    const response = isObject(node) ? resolve(root, node) : undefined
    return response?.ok ? [...(objectAt(response.value, 'links')?.values() ?? [])] : []
  })
  return links.slice(0, MAX_LINKS).flatMap((node) => {
    const link = isObject(node) ? resolve(root, node) : undefined
    return link?.ok ? [link.value] : []
  })
}

/** `undefined`: something comes from the answer, or from nowhere. */
function linkArguments(
  action: Action,
  target: Action,
  link: JsonObject,
): Readonly<Record<string, string>> | undefined {
  const given: [string, string][] = []
  for (const [key, expression] of objectAt(link, 'parameters') ?? []) {
    const argument = target.arguments.arguments.find(
      ({ place, wire }) => key === wire || key === `${place}.${wire}`,
    )
    const path = pointerOf(action, expression)
    if (!argument || path === undefined) return undefined
    given.push([argument.name, path])
  }
  return Object.fromEntries(given)
}

const EXPRESSION = /^\$request\.(?:(?<place>path|query)\.(?<name>.+)|body#\/(?<members>.+))$/s

/** Reads a runtime expression (OpenAPI 3.1, 4.8.20.4) as a pointer into the arguments. */
function pointerOf({ arguments: schema }: Action, expression: Json): string | undefined {
  const { members, name, place } =
    (typeof expression === 'string' ? EXPRESSION.exec(expression)?.groups : undefined) ?? {}
  const [first = '', ...rest] = members?.split('/') ?? []
  const wire = members === undefined ? name : first.replaceAll('~1', '/').replaceAll('~0', '~')
  const argument = schema.arguments.find(
    (each) => each.wire === wire && each.place === (place ?? 'body'),
  )
  if (!argument) return undefined
  const own = argument.name.replaceAll('~', '~0').replaceAll('/', '~1')
  return ['', own, ...rest].join('/')
}
