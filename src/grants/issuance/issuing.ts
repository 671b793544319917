import type { GrantName } from '../../policy/policy/index.ts'

/** Grant by which a token is issued, to whom from where. */
export interface IssuanceContext {
  readonly grant: GrantName
  /** True when it will be bound to a key. */
  readonly bound: boolean
  readonly origin: { readonly ip: string }
}

/** Describes how a request that proves its key is issued. */
export function issuingBy(
  grant: GrantName,
  { origin }: { readonly origin: IssuanceContext['origin'] },
): IssuanceContext {
  return { grant, bound: true, origin }
}

/** Kinds of token that Remit issues by itself. `jwt`: an authorization grant of another domain. */
export type Token = 'access_token' | 'refresh_token' | 'id_jag' | 'jwt'

export function issueAction(token: Token, { grant }: Pick<IssuanceContext, 'grant'>): string {
  return `issue:${token}:${grant}`
}
