import type { AgentParts } from '../agents/index.ts'
import type { MasterKey } from '../keys/index.ts'

/** Parts that the acts on trusted issuers work with. */
export interface IssuerParts extends AgentParts {
  readonly master: Pick<MasterKey, 'seal'>
  /** Remit's own. */
  readonly issuer: string
  /** Whether issuers on this very computer may be trusted, and reached without TLS. */
  readonly loopback: boolean
}
