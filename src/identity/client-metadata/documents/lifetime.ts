import { HOUR, SECOND } from '../../../platform/lib/time-units.ts'

/** One request of the protocol, with the redirects and look-ups that belong to it, is one fetch, whatever the answer says. */
const MIN_MS = 10 * SECOND
/** Longest time that a change stays unseen. */
const MAX_MS = HOUR
/** Time for an answer that says none. */
const USUAL_MS = 300 * SECOND

/**
 * Computes how long an answer may be kept, milliseconds: as it says (RFC 9111 sections 4.2.1 and
 * 5.2.2, for a cache that many share), within our own bounds. `no-store`, `no-cache`, `private`,
 * and what cannot be read: the least.
 */
export function lifetimeOf(headers: Headers): number {
  const said = saidBy(headers)
  return said === undefined ? USUAL_MS : Math.min(Math.max(said, MIN_MS), MAX_MS)
}

function saidBy(headers: Headers): number | undefined {
  const directives = directivesOf(headers.get('cache-control') ?? '')
  if (['no-store', 'no-cache', 'private'].some((name) => directives.has(name))) return 0
  const age = directives.get('s-maxage') ?? directives.get('max-age')
  if (age !== undefined) return fresh(seconds(age), headers)
  const expires = headers.get('expires')
  if (expires === null) return undefined
  const date = Date.parse(headers.get('date') ?? '')
  // Counted from the publisher's own clock, never from ours.
  const life = Math.floor((Date.parse(expires) - date) / SECOND)
  return fresh(Number.isFinite(life) ? life : 0, headers)
}

/** Section 4.2.3: what has lain in other caches is that much older. */
function fresh(lifeSeconds: number, headers: Headers): number {
  const age = headers.get('age')
  return Math.max(0, lifeSeconds - (age === null ? 0 : seconds(age, lifeSeconds))) * SECOND
}

/** Delta seconds (section 1.2.2). */
function seconds(text: string, otherwise = 0): number {
  return /^\d{1,10}$/.test(text) ? Number(text) : otherwise
}

/** The first of equal names that does not differ counts; two that differ are the shorter life (section 4.2.1): none. */
function directivesOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=', 2).map((side) => side.trim())
    const key = name.toLowerCase()
    const plain = value.replaceAll(/^"|"$/g, '')
    if (key !== '') found.set(key, found.has(key) && found.get(key) !== plain ? '0' : plain)
  }
  return found
}
