import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MINUTE } from '../../platform/lib/time-units.ts'
import { DpopNonces, type NonceDemand, type ProofPurpose } from './dpop-nonces.ts'

const KEY = new Uint8Array(32).fill(7)
const NOW = 1_800_000_000_000
const HERE = 'https://remit.example'
const ALWAYS = { at: 'token endpoint' } as const

function replica(at = NOW, demanded: NonceDemand = 'always', key = KEY): DpopNonces {
  return new DpopNonces({ keys: [key], clock: { now: () => at, monotonic: () => at }, demanded })
}

function accepts(nonces: DpopNonces, nonce: unknown, origin = HERE): boolean {
  return nonces.checkFor(`${origin}/oauth/token`, ALWAYS)?.(nonce) ?? true
}

describe('nonces of DPoP proofs', () => {
  it('D5: what one replica gave, every other takes, for four to five minutes, and one ahead', () => {
    const nonce = replica().current(HERE)
    for (const age of [-MINUTE, 0, 1, MINUTE, 4 * MINUTE])
      assert.ok(accepts(replica(NOW + age), nonce), `${age}`)
    for (const age of [-2 * MINUTE, 5 * MINUTE, 60 * MINUTE])
      assert.ok(!accepts(replica(NOW + age), nonce), `${age}`)
  })

  it('D5: of another server, another place, or made up: no', () => {
    const nonce = replica().current(HERE)
    assert.ok(!accepts(replica(), nonce, 'https://gw.example'))
    assert.ok(!accepts(replica(NOW, 'always', new Uint8Array(32).fill(8)), nonce))
    for (const bad of [undefined, null, '', 1, {}, [nonce], `${nonce}A`, ` ${nonce}`, 'x.y'])
      assert.ok(!accepts(replica(), bad), String(bad))
  })

  it('while replicas go over to another key, each takes what the other gave; and none when only one knows the key', () => {
    const other = new Uint8Array(32).fill(8)
    const with_ = (...keys: Uint8Array[]) =>
      new DpopNonces({ keys, clock: { now: () => NOW, monotonic: () => NOW }, demanded: 'always' })
    const [before, gone] = [with_(KEY, other), with_(other, KEY)]
    assert.ok(accepts(before, gone.current(HERE)))
    assert.ok(accepts(gone, before.current(HERE)))
    assert.ok(!accepts(with_(other), before.current(HERE)))
  })

  it('none is given without a key', () => {
    const none = new DpopNonces({
      keys: [],
      clock: { now: () => NOW, monotonic: () => NOW },
      demanded: 'always',
    })
    assert.throws(() => none.current(HERE), /are made with a key/)
    assert.ok(!accepts(none, replica().current(HERE)))
  })

  it('one is told from another value, whatever is demanded', () => {
    const nonces = replica(NOW, 'off')
    assert.ok(nonces.holds(HERE, nonces.current(HERE)))
    for (const bad of ['', undefined, nonces.current('https://gw.example')])
      assert.ok(!nonces.holds(HERE, bad), String(bad))
  })

  it('changing anything of one makes it worthless', () => {
    const nonce = replica().current(HERE)
    fc.assert(
      fc.property(fc.nat(nonce.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (i, c) => {
        const other = nonce.slice(0, i) + c + nonce.slice(i + 1)
        return other === nonce || !accepts(replica(), other)
      }),
    )
  })

  it('are characters that a header can carry (RFC 9449 section 8.1)', () => {
    assert.match(replica().current(HERE), /^[\x21\x23-\x5b\x5d-\x7e]+$/)
  })

  it('by themselves are demanded of what changes something or is dangerous', () => {
    const demanded = (mode: NonceDemand, what: ProofPurpose) =>
      replica(NOW, mode).checkFor(HERE, what) !== undefined
    const cases: readonly (readonly [ProofPurpose, boolean])[] = [
      [{ at: 'call', access: 'read', risk: 'low' }, false],
      [{ at: 'call', access: 'read', risk: 'medium' }, false],
      [{ at: 'call', access: 'read', risk: 'high' }, true],
      [{ at: 'call', access: 'read', risk: 'critical' }, true],
      [{ at: 'call', access: 'write', risk: 'low' }, true],
      [{ at: 'call' }, false],
      [{ at: 'task', method: 'GET' }, false],
      [{ at: 'task', method: 'POST' }, true],
      [{ at: 'task', method: 'DELETE' }, false],
      [{ at: 'token endpoint' }, false],
    ]
    for (const [what, auto] of cases) {
      assert.equal(demanded('auto', what), auto, JSON.stringify(what))
      assert.equal(demanded('always', what), true)
      assert.equal(demanded('off', what), false)
    }
  })
})
