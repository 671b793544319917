import type { Clock } from '../../platform/lib/clock.ts'
import type { Outbound } from '../../platform/net/index.ts'

/**
 * Reads the clock of an identity provider from the `Date` of an answer (RFC 9110, section 6.6.1) and its `Age`. Answers by how much the
 * clock of this machine is ahead of it, in ms, as far as the round trip does not explain it; undefined where the provider does not say.
 * @throws Problem `outbound.…`
 */
export async function aheadOfProvider(
  issuer: string,
  { clock, fetch }: { readonly clock: Pick<Clock, 'now'>; readonly fetch: Outbound['fetch'] },
): Promise<number | undefined> {
  const asked = clock.now()
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const { headers } = await fetch(url, { headers: { 'cache-control': 'no-cache' } })
  const answered = clock.now()
  const age = Number(headers.get('age') ?? 0)
  const says = Date.parse(headers.get('date') ?? '') + (age > 0 ? age * 1_000 : 0)
  if (Number.isNaN(says)) return undefined
  return Math.max(asked - says, 0) || Math.min(answered - says, 0)
}
