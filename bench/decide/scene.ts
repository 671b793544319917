/** Policies, entities and requests that both engines get, in Cedar's JSON form. The same for every run. */
import type { CedarPolicySetJson } from '@remit/engine'

/**
 * Shape of a policy: it says in its scope whom, what and where it is about, or all of it in its
 * conditions.
 */
export type Shape = 'indexable' | 'nothing indexable'
export const SHAPES: readonly Shape[] = ['indexable', 'nothing indexable']
export const SIZES = [10, 100, 1_000, 10_000] as const

const RESOURCES = 40
const ACTIONS = 10
const GROUPS = 25

type Ref = { readonly type: string; readonly id: string }

const ref = (type: string, id: string | number): Ref => ({ type, id: String(id) })
const value = (json: unknown) => ({ Value: json })
const attr = (left: object, name: string) => ({ '.': { left, attr: name } })
const both = (left: object, right: object) => ({ '&&': { left, right } })
const arg = (name: string) => attr(attr({ Var: 'context' }, 'args'), name)

const ALL = { op: 'All' }
const BELOW_LIMIT = {
  lessThanOrEqual: [arg('amount'), { decimal: [value('1000.00')] }],
}
const IN_EUROS = { '==': { left: arg('currency'), right: value('EUR') } }

/** Rules as people write them: a group may do something somewhere, up to an amount; every tenth forbids something to an agent. */
export function policies(count: number, shape: Shape): CedarPolicySetJson {
  const made = Array.from({ length: count }, (_, i) => [`rule-${i}`, rule(i, shape)])
  return { staticPolicies: Object.fromEntries(made) }
}

function rule(i: number, shape: Shape) {
  const action = ref('Action', `act-${i % ACTIONS}`)
  const resource = ref('Resource', Math.floor(i / ACTIONS) % RESOURCES)
  const forbids = i % 10 === 9
  const who = forbids
    ? ref('Agent', i)
    : ref('Group', Math.floor(i / (ACTIONS * RESOURCES)) % GROUPS)
  const scope = {
    principal: forbids ? { op: '==', entity: who } : { op: 'in', entity: who },
    action: { op: '==', entity: action },
    resource: { op: '==', entity: resource },
  }
  const effect = forbids ? 'forbid' : 'permit'
  const when = (body: object) => ({ kind: 'when', body })
  if (shape === 'indexable')
    return { effect, ...scope, conditions: [when(both(IN_EUROS, BELOW_LIMIT))] }
  const where = { '==': { left: { Var: 'resource' }, right: value({ __entity: resource }) } }
  const what = { '==': { left: { Var: 'action' }, right: value({ __entity: action }) } }
  const whom = { in: { left: { Var: 'principal' }, right: value({ __entity: who }) } }
  const body = both(both(both(whom, where), what), both(IN_EUROS, BELOW_LIMIT))
  return { effect, principal: ALL, action: ALL, resource: ALL, conditions: [when(body)] }
}

/**
 * Entities that a call hands over: a person in two groups, two agents, their owner, the resource,
 * the action.
 */
export function entities(person: number) {
  const groups = [ref('Group', 0), ref('Group', 1 + (person % (GROUPS - 1)))]
  return [
    entity(
      ref('Person', person),
      { issuer: 'https://idp.example', subject: `sub-${person}` },
      groups,
    ),
    entity(ref('Person', 'owner'), { issuer: 'https://idp.example', subject: 'owner' }, []),
    entity(
      ref('Agent', 'refund-bot'),
      { trust: 3, owner: { __entity: ref('Person', 'owner') } },
      [],
    ),
    entity(
      ref('Agent', 'helper-bot'),
      { trust: 2, owner: { __entity: ref('Person', 'owner') } },
      [],
    ),
    ...groups.map((group) => entity(group, {}, [])),
    entity(ref('Resource', 0), {}, []),
  ]
}

/** Entities of the actions. They are equal for every call, so an engine that can keep them does. */
export function actions() {
  const groups = [ref('Action', 'write'), ref('Action', 'risk:high')]
  const made = Array.from({ length: ACTIONS }, (_, i) =>
    entity(ref('Action', `act-${i}`), {}, groups),
  )
  return [...made, ...groups.map((group) => entity(group, {}, []))]
}

function entity(uid: Ref, attrs: object, parents: readonly Ref[]) {
  return { uid, attrs, parents }
}

export function requests(count: number) {
  return Array.from({ length: count }, (_, i) => ({
    principal: i % 4 === 0 ? ref('Agent', 'refund-bot') : ref('Person', i % GROUPS),
    action: ref('Action', `act-${i % ACTIONS}`),
    resource: ref('Resource', 0),
    context: {
      args: {
        order_id: String(1000 + i),
        amount: { __extn: { fn: 'decimal', arg: `${i * 20}.50` } },
        currency: 'EUR',
      },
      person: { __entity: ref('Person', i % GROUPS) },
      agent: { __entity: ref('Agent', 'refund-bot') },
      chain: [{ __entity: ref('Agent', 'refund-bot') }, { __entity: ref('Agent', 'helper-bot') }],
      risk: 'high',
      now: { __extn: { fn: 'datetime', arg: '2026-11-26T12:00:00.000Z' } },
    },
  }))
}
