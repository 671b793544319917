/** Policies for tests, put together in Cedar's JSON form. */
import { compilePolicies } from './compile.ts'
import type { CompiledPolicies } from './compiled-policies.ts'
import { entityStore } from './entities.ts'
import type { PolicyJson } from './json.ts'
import { entitiesFromJson, valueFromJson } from './value-json.ts'

export const ANYTHING = { op: 'All' } as const

export function policy(change: Partial<PolicyJson> = {}): PolicyJson {
  return {
    effect: 'permit',
    principal: ANYTHING,
    action: ANYTHING,
    resource: ANYTHING,
    conditions: [],
    ...change,
  }
}

export function when(body: object): PolicyJson {
  return policy({ conditions: [{ kind: 'when', body }] })
}

export function compiled(policies: Readonly<Record<string, PolicyJson>>): CompiledPolicies {
  return compilePolicies({ staticPolicies: policies })
}

export const PERSON = { type: 'Person', id: 'sam' }
export const ACTION = { type: 'Action', id: 'read' }
export const RESOURCE = { type: 'Resource', id: 'orders' }

const ENTITIES = [
  {
    uid: PERSON,
    attrs: { level: 3, owner: { __entity: PERSON } },
    tags: { room: 'A1' },
    parents: [{ type: 'Group', id: 'support' }],
  },
  { uid: { type: 'Group', id: 'support' }, attrs: {}, parents: [{ type: 'Group', id: 'staff' }] },
  { uid: RESOURCE, attrs: {}, parents: [] },
  { uid: ACTION, attrs: {}, parents: [{ type: 'Action', id: 'any' }] },
]

export function ask(
  set: CompiledPolicies,
  change: { context?: object; principal?: typeof PERSON; entities?: readonly object[] } = {},
) {
  const { context = {}, entities = ENTITIES, principal = PERSON } = change
  const request = { principal, action: ACTION, resource: RESOURCE }
  return set.evaluate(
    { ...request, context: valueFromJson(context) },
    entityStore(entitiesFromJson(entities)),
  )
}

/** Result of one condition: true, false, or that it fails. */
export function says(body: object, context: object = {}): boolean | 'fails' {
  const { determining, errors } = ask(compiled({ it: when(body) }), { context })
  return errors.length > 0 ? 'fails' : determining.length > 0
}

export const value = (json: unknown) => ({ Value: json })
export const both = (operator: string, left: object, right: object) => ({
  [operator]: { left, right },
})
export const call = (name: string, ...args: readonly object[]) => ({ [name]: args })
export const literal = (type: 'ip' | 'decimal' | 'datetime' | 'duration', text: string) =>
  call(type, value(text))
export const attr = (left: object, name: string) => ({ '.': { left, attr: name } })
export const variable = (name: string) => ({ Var: name })
export const choice = (condition: object, yes: object, no: object) => ({
  'if-then-else': Object.fromEntries([
    ['if', condition],
    ['then', yes],
    ['else', no],
  ]),
})
