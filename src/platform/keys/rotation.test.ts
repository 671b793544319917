import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { CLOCK_SKEW_MS } from '../jose/check-jwt.ts'
import { base64url } from '../lib/bytes.ts'
import { type Clock, type ManualClock, manualClock } from '../lib/clock.ts'
import { systemRandom as random } from '../lib/random.ts'
import { Secret } from '../lib/secret.ts'
import { DAY_SECONDS, SECOND } from '../lib/time-units.ts'
import type { Storage } from '../storage/index.ts'
import { forEachEngine } from '../storage/testing.ts'
import { openMasterKey } from './master-key.ts'
import type { MasterKey } from './seal/key-ring.ts'
import { signJwt } from './sign-jwt.ts'
import { makeKey } from './signing-key.ts'
import { JWKS_MAX_AGE_SECONDS, loadSigningKeys, rotateTokensKey } from './signing-keys.ts'
import { withdrawTokensKey } from './withdraw-key.ts'

const MAX_AGE = JWKS_MAX_AGE_SECONDS * SECOND
/** Seconds after which a replica has to read its keys when no announcement reaches it. */
const REFRESH = MAX_AGE
/** Seconds: calls, resource tokens, tasks of an hour. The longest task is made where it is hardest. */
const LIVES = [60, 300, 3_600] as const
const STEP = 290 * SECOND

interface Token {
  readonly kid: string
  readonly text: string
  /** Epoch milliseconds. */
  readonly exp: number
}

/**
 * Starts a process: its own reading of the keys, by a clock that is as wrong as it may be.
 * Announcements never reach it.
 */
async function replica(
  place: { storage: Storage; master: MasterKey; clock: ManualClock },
  skew: number,
) {
  const { master, storage } = place
  const clock: Clock = {
    now: () => place.clock.now() + skew,
    monotonic: () => place.clock.monotonic(),
  }
  const keys = await loadSigningKeys({ storage, master, clock, random })
  let readAt = clock.monotonic()
  return {
    keys,
    async follow() {
      if (clock.monotonic() - readAt < REFRESH) return
      await keys.refresh()
      readAt = clock.monotonic()
    },
    async mint(life: number): Promise<Token> {
      const key = keys.tokens
      const iat = Math.floor(clock.now() / SECOND)
      const claims = { iss: 'remit', iat, exp: iat + life }
      const text = await signJwt(key, { typ: 'at+jwt', claims })
      return { kid: key.kid, text, exp: claims.exp * SECOND }
    },
  }
}
type Replica = Awaited<ReturnType<typeof replica>>

/** An API of others with `jose`: what it fetched counts for as long as it was told, and it asks no sooner, whatever comes. */
function strictVerifier(clock: Clock, from: () => Replica) {
  let set = createLocalJWKSet({ keys: [] })
  let fetchedAt = Number.NEGATIVE_INFINITY
  return {
    async refuses({ text }: Token): Promise<string | undefined> {
      if (clock.monotonic() - fetchedAt >= MAX_AGE) {
        const { keys } = from().keys.jwks()
        set = createLocalJWKSet({ keys: keys.map((key) => ({ ...key })) })
        fetchedAt = clock.monotonic()
      }
      try {
        const currentDate = new Date(clock.now())
        await jwtVerify(text, set, { currentDate, clockTolerance: '10s' })
        return undefined
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      }
    },
  }
}

forEachEngine('rotation under load', (open) => {
  const begin = async () => {
    const value = new Secret(base64url(random.bytes(32)))
    const master = await openMasterKey({ directory: '/nowhere', value, random })
    const place = { storage: await open(), master, clock: manualClock() }
    const replicas = [await replica(place, CLOCK_SKEW_MS), await replica(place, -CLOCK_SKEW_MS)]
    const [first, second] = replicas
    assert.ok(first && second)
    let turn = 0
    const anyReplica = () => (turn++ % 2 === 0 ? first : second)
    const verifiers = [0, 1].map(() => strictVerifier(place.clock, anyReplica))
    const newKey = () => makeKey('tokens', master, random, place.clock.now())
    return { ...place, newKey, replicas, verifiers, anyReplica }
  }

  test('two replicas sign, one rotation follows the other for a day, and no strict verifier refuses a token before its end', async () => {
    const { anyReplica, clock, newKey, replicas, storage, verifiers } = await begin()
    const begun = clock.monotonic()
    const living: Token[] = []
    const signedWith = new Set<string>()
    /** The last second in which the replica that is late signs with a key that retires. */
    let lastSecond = 0
    const check = async (token: Token, verifier = verifiers[0]) => {
      const why = await verifier?.refuses(token)
      assert.equal(why, undefined, `${token.kid} at ${new Date(clock.now()).toISOString()}`)
    }
    for (let step = 0; clock.monotonic() - begun < 1.1 * DAY_SECONDS * SECOND; step++) {
      for (const each of replicas) await each.follow()
      if (clock.now() > lastSecond) {
        const { signsFrom } = await storage.transaction((tx) =>
          rotateTokensKey(tx, clock, newKey()),
        )
        lastSecond = signsFrom + CLOCK_SKEW_MS - SECOND
      }
      for (const each of replicas) {
        const life = clock.now() === lastSecond ? DAY_SECONDS : LIVES[step % LIVES.length]
        const token = await each.mint(life ?? DAY_SECONDS)
        signedWith.add(token.kid)
        await check(token, verifiers[step % verifiers.length])
        living.push(token)
      }
      living.sort((a, b) => a.exp - b.exp)
      const next =
        clock.now() < lastSecond ? Math.min(clock.now() + STEP, lastSecond) : clock.now() + STEP
      // Those that end before the next step, a moment before they do, by whoever has just fetched the keys from either.
      const ending = living.filter(({ exp }) => exp <= next)
      for (const token of living.splice(0, ending.length)) {
        clock.advance(Math.max(0, token.exp - SECOND - clock.now()))
        for (const _ of replicas) await check(token, strictVerifier(clock, anyReplica))
      }
      clock.advance(next - clock.now())
    }
    assert.ok(signedWith.size > 100, `${signedWith.size} keys have signed`)
  })

  test('a withdrawn key is published nowhere once every replica has read, and no strict verifier takes its tokens when its copy has run out', async () => {
    const { clock, newKey, replicas, storage, verifiers } = await begin()
    const [first, second] = replicas
    assert.ok(first && second)
    for (let round = 0; round < 5; round++) {
      const { kid: announced } = await storage.transaction((tx) =>
        rotateTokensKey(tx, clock, newKey()),
      )
      clock.advance(3 * MAX_AGE)
      for (const each of replicas) await each.follow()
      const token: Token = await first.mint(DAY_SECONDS)
      assert.equal(token.kid, announced)
      for (const verifier of verifiers) assert.equal(await verifier.refuses(token), undefined)

      await storage.transaction((tx) =>
        withdrawTokensKey(tx, clock, { kid: token.kid, spare: newKey() }),
      )
      await first.keys.refresh()
      assert.notEqual(first.keys.tokens.kid, token.kid, 'another signs at once')
      assert.equal(first.keys.find(token.kid), undefined)
      assert.equal((await second.mint(60)).kid, token.kid, 'no announcement reached the other')
      clock.advance(REFRESH)
      await second.follow()
      assert.notEqual((await second.mint(60)).kid, token.kid)
      clock.advance(MAX_AGE)
      for (const verifier of verifiers)
        assert.match((await verifier.refuses(token)) ?? '', /no applicable key/)
      for (const each of replicas)
        for (const verifier of verifiers)
          assert.equal(await verifier.refuses(await each.mint(60)), undefined)
    }
  })
})
