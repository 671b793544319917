import { Problem } from '../lib/problem.ts'

export function bad(detail: string): Problem {
  return new Problem('issuer.bad', detail)
}

/** Where plain HTTP on this very computer counts: while trying things out. */
export interface IssuerAddressRules {
  readonly loopback: boolean
  /** Remit's own issuer, which vouches for nobody. */
  readonly remit: string
}
