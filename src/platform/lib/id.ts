import { base64url } from './bytes.ts'
import type { Random } from './random.ts'

/**
 * Prefixes of ids, by kind. Agents, resources, groups, spaces and connections are named by people
 * instead.
 */
export const ID_PREFIX = {
  person: 'psn',
  task: 'tsk',
  decision: 'dec',
  request: 'req',
  basis: 'bas',
  consent: 'cns',
  confirmation: 'cnf',
  sponsor_grant: 'spg',
  client_credential: 'crd',
  evaluation_request: 'arq',
  evaluation_approval: 'apr',
  allowance: 'alw',
  break_glass: 'bgl',
  stand_in: 'sti',
  limit: 'lim',
  thread: 'thr',
  notice: 'ntc',
  event: 'evt',
  delivery: 'dlv',
  channel: 'chn',
  passkey: 'pky',
  passkey_recovery: 'pkr',
  record: 'rec',
  key: 'key',
  replica: 'rpl',
  refusal_window: 'rfw',
  mcp_task: 'mct',
  backup: 'bkp',
  destination: 'dst',
  legal_hold: 'hld',
  person_erasure: 'ers',
} as const

export type IdKind = keyof typeof ID_PREFIX

/** `tsk_…`: the prefix is part of the type, so that an id of one kind cannot stand where another belongs. */
export type Id<K extends IdKind> = `${(typeof ID_PREFIX)[K]}_${string}`

/** 128 random bits behind the prefix. */
export function newId<K extends IdKind>(kind: K, random: Random): Id<K> {
  return `${ID_PREFIX[kind]}_${base64url(random.bytes(16))}`
}

/** Characters of base64url in the order of their codes. */
const ORDERED = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
/** Characters of a time: 42 bits of milliseconds, until the year 2109. */
const TIME_CHARS = 7
const RANDOM_CHARS = 15
let newestTime: { readonly at: number; readonly text: string } = { at: 0, text: timeText(0) }

/**
 * An id that sorts by time, for rows that come by the thousand: each new one stands beside the last in every index, where random
 * ones each write a page of their own. 90 random bits behind the time: none can be guessed.
 */
export function newTimedId<K extends IdKind>(kind: K, now: number, random: Random): Id<K> {
  if (newestTime.at !== now) newestTime = { at: now, text: timeText(now) }
  const rest = base64url(random.bytes(12)).slice(0, RANDOM_CHARS)
  return `${ID_PREFIX[kind]}_${newestTime.text}${rest}`
}

function timeText(now: number): string {
  let text = ''
  for (
    let left = Math.max(0, Math.trunc(now));
    text.length < TIME_CHARS;
    left = Math.floor(left / 64)
  )
    text = ORDERED.charAt(left % 64) + text
  return text
}

export function isId<K extends IdKind>(kind: K, text: unknown): text is Id<K> {
  return (
    typeof text === 'string' &&
    text.startsWith(`${ID_PREFIX[kind]}_`) &&
    /^[a-z]{3}_[A-Za-z0-9_-]{22}$/.test(text)
  )
}

/** Names people give (agents, resources, connections, groups, spaces): lower case, digits and hyphens, 2–63 characters. */
export function isName(text: unknown): text is string {
  return typeof text === 'string' && /^[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(text)
}
