import { ECDH } from 'node:crypto'
import type { PushSubscription } from 'web-push'
import { fromBase64url } from '../../platform/lib/bytes.ts'
import { parseJson } from '../../platform/lib/json.ts'
import { badAddress, type PostParts, readUrl } from '../../platform/webhooks/index.ts'

const MAX_SUBSCRIPTION = 4_096
const MAX_LABEL = 60
/** Bytes of a point of P-256, and of the secret (RFC 8291 section 2.1, 3.2). */
const POINT_BYTES = 65
const SECRET_BYTES = 16
const CURVE = 'prime256v1'

/** Reads the subscription of a browser, with the name that its script gave it. @throws Problem `notification.bad_address` */
export function readSubscription(
  typed: string,
  parts: Pick<PostParts, 'origins'>,
): PushSubscription & { readonly browser: string } {
  const members = readMembers(typed)
  const [endpoint, keys, browser] = ['endpoint', 'keys', 'browser'].map((name) => members.get(name))
  const [auth, p256dh] = ['auth', 'p256dh'].map((name) => keys instanceof Map && keys.get(name))
  if (typeof endpoint !== 'string' || typeof auth !== 'string' || typeof p256dh !== 'string')
    throw badAddress('the browser gave no whole subscription')
  if (fromBase64url(auth)?.byteLength !== SECRET_BYTES || !isPoint(p256dh))
    throw badAddress('the keys of the browser are not valid')
  const label = typeof browser === 'string' && browser.length <= MAX_LABEL ? browser : ''
  const url = readUrl(endpoint, parts)
  return { endpoint: url.href, keys: { auth, p256dh }, browser: label || url.host }
}

function readMembers(typed: string): ReadonlyMap<string, unknown> {
  try {
    const json = parseJson(Buffer.from(typed), { bytes: MAX_SUBSCRIPTION })
    if (json instanceof Map) return json
  } catch {
    // not ours to explain: the script of the page wrote it
  }
  throw badAddress('the browser gave no subscription')
}

/** INVARIANT: a key that is no point of the curve is refused here, where its person sees it. */
function isPoint(text: string): boolean {
  const bytes = fromBase64url(text)
  if (bytes?.byteLength !== POINT_BYTES) return false
  try {
    ECDH.convertKey(bytes, CURVE)
    return true
  } catch {
    return false
  }
}
