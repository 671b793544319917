import type { Agent } from './agent.ts'

/**
 * Origins of agents: an administrator registered it, it registered itself, its client id led to a
 * document, or a trusted issuer vouches for it.
 */
export const ORIGINS = ['registered', 'dynamic', 'document', 'issuer'] as const
export type AgentOrigin = (typeof ORIGINS)[number]

/**
 * Party that stands for the name of an agent: an administrator, a trusted issuer, the owner of an
 * address, or none.
 */
export type Voucher = 'administrator' | 'issuer' | 'address' | 'nobody'

type OriginFields = Pick<Agent, 'admission' | 'clientUrl' | 'issuer'>

export function originOf({ admission, clientUrl, issuer }: OriginFields): AgentOrigin {
  if (issuer !== null) return 'issuer'
  if (clientUrl !== null) return 'document'
  return admission === null ? 'registered' : 'dynamic'
}

/** Tells who vouches for the name. Admission does not vouch for a name. */
export function vouchedBy({ admission, clientUrl, issuer }: OriginFields): Voucher {
  if (issuer !== null) return 'issuer'
  if (admission === null) return 'administrator'
  return clientUrl === null ? 'nobody' : 'address'
}
