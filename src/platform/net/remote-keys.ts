import type { Clock } from '../lib/clock.ts'
import type { Json } from '../lib/json.ts'
import { Problem } from '../lib/problem.ts'
import { HOUR, MINUTE } from '../lib/time-units.ts'
import type { Outbound } from './outbound.ts'

const FRESH_MS = 10 * MINUTE
/** Time for which known keys still count while their publisher cannot be reached. */
const STALE_MS = HOUR
/**
 * Minimum time between two fetches, whatever is asked and whether they succeed: no caller can make us
 * flood a publisher with requests.
 */
const PAUSE_MS = 30_000
const MAX_BYTES = 64 * 1024
const MAX_KEYS = 100

export interface RemoteKeys<Key> {
  /**
   * Finds the key a JWT header asks for: by `kid`, or the only key that fits `alg` when there is no
   * `kid`. `undefined` when the publisher has no such key. Throws Problem `outbound.…` when it
   * cannot be reached and nothing usable is known.
   */
  find(header: KeyHeader): Promise<Key | undefined>
  /** Returns all keys. Throws as `find` does. */
  all(): Promise<readonly Key[]>
}

/** Members of a JWT header that select its key. */
export interface KeyHeader {
  readonly kid?: string | undefined
  readonly alg: string
}

export interface RemoteKeysOptions<Key> {
  url: string
  fetchJson: Outbound['fetchJson']
  clock: Clock
  /** Imports one JWK, numbers in it as they came; keys for which it throws a Problem are passed over. */
  read(jwk: Readonly<Record<string, unknown>>): Key
  /** Required `use` of a key (RFC 7517 section 4.2). Left out: `sig`, or none. */
  readonly use?: string
  /**
   * Time after which the publisher wants to be asked again, in milliseconds; it can only shorten
   * the usual time.
   */
  freshFor?(document: ReadonlyMap<string, Json>): number | undefined
}

interface PublishedKey<Key> {
  readonly kid: string | undefined
  readonly alg: string | undefined
  readonly key: Key
}

/**
 * Keys published at a JWK Set URL (RFC 7517 section 5). The URL comes from configuration, never from a token.
 * One fetch at a time, shared by all who wait; a `kid` that is not there costs at most one fetch per pause.
 */
export function remoteKeys<Key>(options: RemoteKeysOptions<Key>): RemoteKeys<Key> {
  const { clock, url } = options
  let keys: readonly PublishedKey<Key>[] = []
  let freshMs = FRESH_MS
  let fetchedAt = Number.NEGATIVE_INFINITY
  let triedAt = Number.NEGATIVE_INFINITY
  let failure: unknown
  let underWay: Promise<void> | undefined

  async function refetch(): Promise<void> {
    triedAt = clock.monotonic()
    try {
      const document = await options.fetchJson(url, { maxBytes: MAX_BYTES })
      keys = readSet(document, options)
      const wanted = document instanceof Map ? options.freshFor?.(document) : undefined
      freshMs = Math.min(FRESH_MS, Math.max(PAUSE_MS, wanted ?? FRESH_MS))
      fetchedAt = triedAt
      failure = undefined
    } catch (error) {
      failure = error
    } finally {
      underWay = undefined
    }
  }

  /** Waits for the fetch under way, or starts one unless the last was too recent. */
  async function refresh(): Promise<void> {
    if (!underWay && clock.monotonic() - triedAt >= PAUSE_MS) underWay = refetch()
    await underWay
  }

  function known(header: KeyHeader): Key | undefined {
    return clock.monotonic() - fetchedAt < STALE_MS ? pick(keys, header)?.key : undefined
  }

  return {
    async find(header) {
      if (clock.monotonic() - fetchedAt >= freshMs) await refresh()
      let key = known(header)
      if (key === undefined) {
        await refresh()
        key = known(header)
      }
      if (key === undefined && failure !== undefined) throw failure
      return key
    },
    async all() {
      if (clock.monotonic() - fetchedAt >= freshMs) await refresh()
      if (clock.monotonic() - fetchedAt < STALE_MS) return keys.map(({ key }) => key)
      throw failure
    },
  }
}

function readSet<Key>(document: Json, options: RemoteKeysOptions<Key>): PublishedKey<Key>[] {
  const keys = document instanceof Map ? document.get('keys') : undefined
  if (!Array.isArray(keys) || keys.length > MAX_KEYS) {
    throw new Problem(
      'outbound.unexpected_answer',
      `${options.url} is not a JWK set of at most ${MAX_KEYS} keys`,
    )
  }
  return keys.flatMap((jwk) => {
    return jwk instanceof Map && isFor(jwk, options.use) ? readKey(jwk, options) : []
  })
}

function isFor(jwk: ReadonlyMap<string, Json>, use: string | undefined): boolean {
  if (use !== undefined) return jwk.get('use') === use
  return !jwk.has('use') || jwk.get('use') === 'sig'
}

function readKey<Key>(
  jwk: ReadonlyMap<string, Json>,
  options: RemoteKeysOptions<Key>,
): PublishedKey<Key>[] {
  try {
    const key = options.read(Object.fromEntries(jwk))
    return [{ kid: stringOf(jwk.get('kid')), alg: stringOf(jwk.get('alg')), key }]
  } catch (error) {
    if (error instanceof Problem) return []
    throw error
  }
}

function pick<Key>(
  keys: readonly PublishedKey<Key>[],
  header: KeyHeader,
): PublishedKey<Key> | undefined {
  const fitting = keys.filter(
    (key) =>
      (key.alg === undefined || key.alg === header.alg) &&
      (header.kid === undefined || key.kid === header.kid),
  )
  return header.kid === undefined && fitting.length > 1 ? undefined : fitting[0]
}

function stringOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
