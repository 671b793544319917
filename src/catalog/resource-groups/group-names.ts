import { sha256hex } from '../../platform/lib/bytes.ts'
import type { Action } from '../catalog/index.ts'

/** Maximum length, and characters, of names that clients hand to their models. */
const MAX_NAME = 64
const PLAIN = /^[A-Za-z0-9_-]+$/
const OTHERS = /[^A-Za-z0-9_-]/g
const DIGEST_LENGTH = 10
/** Separator between a member and an address of its server. No name of a resource contains it. */
const OF = '+'

/**
 * Name of a member's tool or prompt in its group: `desk__search_notes`. One that clients would not
 * take is cut and ends in a digest of the whole name.
 * INVARIANT: it follows from the member and its own name alone, so no other member changes it.
 */
export function nameInGroup({ path, resource }: Pick<Action, 'path' | 'resource'>): string {
  const whole = `${resource}__${path}`
  if (whole.length <= MAX_NAME && PLAIN.test(whole)) return whole
  const digest = `_${sha256hex(whole).slice(0, DIGEST_LENGTH)}`
  return whole.replaceAll(OTHERS, '_').slice(0, MAX_NAME - digest.length) + digest
}

/**
 * Address of a member's resource in its group, `desk+note://1`, or the template of such addresses.
 * Scheme and rest stay as they are, so a template (RFC 6570) can be filled in by its reader.
 */
export function uriInGroup(member: string, uri: string): string {
  return member + OF + uri
}

/** Splits an address in a group; `undefined`: it names no member. */
export function uriOfMember(
  given: string,
): { readonly member: string; readonly uri: string } | undefined {
  const at = given.indexOf(OF)
  return at > 0 ? { member: given.slice(0, at), uri: given.slice(at + OF.length) } : undefined
}
