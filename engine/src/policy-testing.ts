/** A policy set for tests that follows Cedar's rules without knowing its language: each policy just says what it says. */
import type { CallFacts } from './gates.ts'
import type {
  Obligation,
  PolicyAnswer,
  PolicyEntity,
  PolicyQuery,
  PolicySet,
  Requestable,
} from './policy.ts'

export interface FakePolicy {
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly says: (query: PolicyQuery) => 'yes' | 'no' | 'error'
  readonly requestable?: Requestable
  readonly obliges?: readonly Obligation[]
}

export function requestable(id: string, changed: Partial<Requestable> = {}): Requestable {
  return {
    id,
    digest: `digest of ${id}`,
    prompt: '',
    approvers: ['group:finance'],
    quorum: 1,
    lifetimeSeconds: 3600,
    self: false,
    ...changed,
  }
}

/** Any forbid denies, else any permit permits; a policy that errors is skipped and reported, as Cedar does. */
export function policySet(policies: readonly FakePolicy[]): PolicySet {
  const known = policies.flatMap((policy) => (policy.requestable ? [policy.requestable] : []))
  return {
    version: 1,
    requestable: new Map(known.map((item) => [item.id, item])),
    obligations: new Map(policies.map(({ id, obliges = [] }) => [id, obliges])),
    evaluate(query, without): PolicyAnswer {
      const asked =
        without === 'nothing' ? policies : policies.filter((policy) => !policy.requestable)
      const answers = asked.map((policy) => ({ ...policy, answer: policy.says(query) }))
      const holding = (effect: FakePolicy['effect']) =>
        answers
          .filter((policy) => policy.effect === effect && policy.answer === 'yes')
          .map(({ id }) => id)
      const forbids = holding('forbid')
      const permits = holding('permit')
      const permitted = forbids.length === 0 && permits.length > 0
      const errors = answers.filter(({ answer }) => answer === 'error')
      return {
        permitted,
        determining: permitted ? permits : forbids,
        errors: errors.map(({ id }) => ({ policy: id, message: `${id} failed` })),
      }
    },
  }
}

export function entity(type: string, id: string): PolicyEntity {
  return { uid: { type, id }, attributes: {}, parents: [] }
}

const LOCATION = 'https://gw.example/orders'

/** A call that nothing but the policies stands in the way of. */
export function facts(changed: Partial<CallFacts> = {}): CallFacts {
  return {
    credential: { gate: 'credential', passed: true, detail: 'the token and its proof are good' },
    liveness: { gate: 'liveness', passed: true, detail: 'everything the task hangs on is active' },
    details: [
      { type: 'remit_call', locations: [LOCATION], actions: ['orders.refund'], bounds: [] },
    ],
    call: {
      location: LOCATION,
      resource: 'orders',
      action: 'orders.refund',
      risk: 'high',
      arguments: new Map(),
    },
    kindOf: () => undefined,
    person: entity('Person', 'psn_ann'),
    sponsored: false,
    intersectWith: [],
    agents: [entity('Agent', 'refund-bot')],
    entities: [],
    context: {},
    external: [],
    lifted: [],
    budgets: [],
    obligations: [],
    doable: [],
    ...changed,
  }
}
