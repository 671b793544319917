import type { GateResult } from '@remit/engine'
import type { Agent } from '../../identity/agents/index.ts'
import type { TrustedIssuer } from '../../identity/issuers/index.ts'
import type { Person } from '../../identity/people/index.ts'
import type { LiveKey, LiveView } from '../../platform/revocation/index.ts'
import type { KeptSetting } from './setting.ts'
import type { SpaceContext } from './space-context.ts'

/** Parties of a task: who takes part in it at a resource, as of a view of `callKeys`. */
export interface CallParties {
  readonly view: LiveView
  readonly agents: readonly Agent[]
  readonly owners: readonly string[]
  readonly issuers: readonly TrustedIssuer[]
  readonly person: Person
  /** Keys of all that the call depends on beside the view: the same list each time. */
  readonly keys: readonly LiveKey[]
  /** Setting that was made of them, as of the view of those keys. */
  made: { readonly also: LiveView; readonly setting: KeptSetting } | undefined
}

export interface SettingParts extends Pick<CallParties, 'view' | 'agents' | 'owners'> {
  readonly also: LiveView
  readonly where: SpaceContext | undefined
}

const UNTRUSTED: GateResult = {
  gate: 'liveness',
  passed: false,
  reason: 'issuer.expired',
  detail: 'an issuer that the task depends on is no longer trusted',
  enough: 'an administrator sets a later end',
}

/** INVARIANT: an end of the trust that was set, or brought forward, after the task had opened counts when it comes. */
export function untrustedIssuer(
  issuers: readonly TrustedIssuer[],
  at: number,
): GateResult | undefined {
  const over = issuers.some(({ expiresAt }) => expiresAt !== null && expiresAt <= at)
  return over ? UNTRUSTED : undefined
}

/** Key of a resource that is called through another one, whose key the view has. */
export function throughGroup({ states }: LiveView, id: string): LiveKey[] {
  const there = states.filter(({ kind }) => kind === 'resource')
  return there.length === 0 || there.some((each) => each.id === id)
    ? []
    : [{ kind: 'resource', id }]
}
