import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { verifySignature } from '../../jose/signature.ts'
import { systemRandom as random } from '../../lib/random.ts'
import type { Wait } from '../../lib/repeat.ts'
import { GuardedSigner } from './guarded-signer.ts'
import type { ExternalSigner } from './signer.ts'

const UNAVAILABLE = { code: 'keys.signer_unavailable' }
const newPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pair = newPair()
const DATA = Buffer.from('data')
const held = { kid: 'key_1', reference: 'one', publicKey: pair.publicKey }

/**
 * Signs `DATA` in this process. Signers are told a digest; this one signs `DATA` whatever that is.
 */
function signs(key: KeyObject): Uint8Array {
  return sign('sha256', DATA, { key, dsaEncoding: 'ieee-p1363' })
}

function guarded(given: Partial<ExternalSigner>) {
  let timeIsUp = () => {}
  const destroyed: string[] = []
  const signer: ExternalSigner = {
    make: async () => ({ reference: 'two', publicJwk: pair.publicKey.export({ format: 'jwk' }) }),
    sign: async () => signs(pair.privateKey),
    destroy: async (reference) => {
      destroyed.push(reference)
    },
    close: async () => {},
    ...given,
  }
  const wait: Wait = (_ms, signal) =>
    new Promise((resolve) => {
      timeIsUp = resolve
      signal.addEventListener('abort', () => resolve())
    })
  const guard = new GuardedSigner({ signer, random, wait })
  return { guard, destroyed, timeIsUp: () => timeIsUp() }
}

describe('whatever an external signer does', () => {
  it('what verifies under the published key is given out', async () => {
    const { guard } = guarded({})
    assert.ok(await verifySignature('ES256', pair.publicKey, DATA, await guard.sign(held, DATA)))
    assert.equal(guard.failure, undefined)
  })

  const good = signs(pair.privateKey)
  const wrong: readonly (readonly [string, Uint8Array])[] = [
    ['by another key', signs(newPair().privateKey)],
    ['in DER', sign('sha256', DATA, pair.privateKey)],
    [
      'of other data',
      sign('sha256', Buffer.from('x'), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' }),
    ],
    ['of nothing', new Uint8Array()],
    ['too long', Buffer.concat([good, Buffer.of(0)])],
    ['of zeros', new Uint8Array(64)],
  ]
  for (const [name, signature] of wrong)
    it(`a signature ${name} is not given out`, async () => {
      const { guard } = guarded({ sign: async () => signature })
      await assert.rejects(guard.sign(held, DATA), { code: 'keys.signer_wrong' })
      assert.ok(guard.failure)
    })

  it('an answer that comes too late is none, and the signer is told to give up', async () => {
    let told = false
    const { guard, timeIsUp } = guarded({
      sign: (_reference, _digest, signal) => {
        signal.addEventListener('abort', () => {
          told = true
        })
        return new Promise(() => {})
      },
    })
    const asked = guard.sign(held, DATA)
    timeIsUp()
    await assert.rejects(asked, UNAVAILABLE)
    assert.ok(told)
  })

  it('one that answered in time is not told to give up', async () => {
    let told = false
    const { guard } = guarded({
      sign: async (_reference, _digest, signal) => {
        signal.addEventListener('abort', () => {
          told = true
        })
        return good
      },
    })
    await guard.sign(held, DATA)
    await new Promise(setImmediate)
    assert.equal(told, false)
  })

  it('what it fails with is for the log, and not for the caller', async () => {
    const { guard } = guarded({
      sign: async () => {
        throw new Error('secret of the library')
      },
    })
    const error: unknown = await guard.sign(held, DATA).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof Error)
    assert.equal(Object(error).code, 'keys.signer_unavailable')
    assert.ok(!error.message.includes('secret'))
    assert.match(String(error.cause), /secret of the library/)
  })

  it('after 256 that wait, more are turned away at once; when it answers again, all is well', async () => {
    const answers: (() => void)[] = []
    const { guard } = guarded({
      sign: () => new Promise((resolve) => answers.push(() => resolve(good))),
    })
    const asked = Array.from({ length: 256 }, () => guard.sign(held, DATA))
    await assert.rejects(guard.sign(held, DATA), UNAVAILABLE)
    for (const answer of answers) answer()
    for (const signature of await Promise.all(asked)) assert.equal(signature, good)
    const next = guard.sign(held, DATA)
    answers.at(-1)?.()
    assert.equal(await next, good)
  })

  it('a new key is tried before anybody hears of it; one that does not fit is deleted', async () => {
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
    for (const publicJwk of [
      newPair().publicKey.export({ format: 'jwk' }),
      p384.export({ format: 'jwk' }),
      { ...pair.privateKey.export({ format: 'jwk' }) },
      {},
    ]) {
      const { guard, destroyed } = guarded({ make: async () => ({ reference: 'two', publicJwk }) })
      await assert.rejects(guard.make('key_2'), { code: 'keys.signer_wrong' })
      assert.deepEqual(destroyed, ['two'])
    }
  })
})

describe('a new key', () => {
  it('is told with its public half, and by what it is called there', async () => {
    let last: Uint8Array = new Uint8Array()
    const { guard } = guarded({ sign: async () => last })
    // It is tried with bytes that nobody knows before: sign those.
    const trying = new GuardedSigner({
      signer: {
        make: async () => ({
          reference: 'two',
          publicJwk: pair.publicKey.export({ format: 'jwk' }),
        }),
        sign: async () => last,
        destroy: async () => {},
        close: async () => {},
      },
      random: {
        bytes: (count) => {
          const bytes = random.bytes(count)
          last = sign('sha256', bytes, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' })
          return bytes
        },
      },
      wait: () => new Promise(() => {}),
    })
    const { jwk, reference } = await trying.make('key_2')
    assert.equal(reference, 'two')
    assert.ok(createPublicKey({ key: { ...jwk }, format: 'jwk' }).equals(pair.publicKey))
    await assert.rejects(guard.make('key_2'), { code: 'keys.signer_wrong' })
  })
})
