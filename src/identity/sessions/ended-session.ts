import { sha256url } from '../../platform/lib/bytes.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { consumeOnce, type Reader, type Tx, wasUsed } from '../../platform/storage/index.ts'

/** Kind of use (`consumeOnce`) that stands for a session of a provider which ended a moment ago. */
const ENDED_AT = 'ended_at_provider'

/** Remembers until a time (epoch milliseconds) that the session `sid` of a provider has ended. */
export async function rememberEnded(
  tx: Tx,
  session: { readonly issuer: string; readonly sid: string },
  until: number,
): Promise<void> {
  await consumeOnce(tx, ENDED_AT, endedSessionKey(session), until)
}

export function hasEnded(
  reader: Reader,
  session: { readonly issuer: string; readonly sid: string },
): Promise<boolean> {
  return wasUsed(reader, ENDED_AT, endedSessionKey(session))
}

function endedSessionKey({
  issuer,
  sid,
}: {
  readonly issuer: string
  readonly sid: string
}): string {
  return sha256url(canonicalJson({ iss: issuer, sid }))
}
