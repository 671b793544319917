import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { base64url } from '../../lib/bytes.ts'
import { systemRandom as random } from '../../lib/random.ts'
import { Secret } from '../../lib/secret.ts'
import { openMasterKey } from '../master-key.ts'
import { keyRing } from './key-ring.ts'

const [OLD, NEW, THIRD] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
] // as: three were made
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

describe('more than one master key', () => {
  const before = keyRing([OLD], random)
  const both = keyRing([NEW, OLD], random)
  const after = keyRing([NEW], random)

  it('the first seals, and the others open what they had sealed', () => {
    const old = before.seal('secret', 'p')
    assert.equal(text(both.open(old, 'p')), 'secret')
    const sealed = both.seal('secret', 'p')
    assert.equal(text(after.open(sealed, 'p')), 'secret')
    assert.throws(() => before.open(sealed, 'p'), { code: 'keys.cannot_open' })
    assert.throws(() => both.open(old, 'q'), { code: 'keys.cannot_open' })
  })

  it('what another had sealed is sealed again, in its place alone; what the first sealed is left', () => {
    const old = before.seal('secret', 'p')
    const again = both.sealAgain(old, 'p')
    assert.ok(again)
    assert.equal(text(after.open(again, 'p')), 'secret')
    assert.equal(both.sealAgain(again, 'p'), undefined)
    assert.throws(() => both.sealAgain(old, 'q'), { code: 'keys.cannot_open' })
    assert.throws(() => after.sealAgain(old, 'p'), { code: 'keys.cannot_open' })
    const strange = keyRing([THIRD], random).seal('secret', 'p')
    assert.throws(() => both.sealAgain(strange, 'p'), { code: 'keys.cannot_open' })
  })

  it('has names that say which it is, and nothing of it', () => {
    assert.deepEqual(both.ids, [...after.ids, ...before.ids])
    assert.match(both.ids.join(), /^[0-9a-f]{8},[0-9a-f]{8}$/)
    assert.ok(!both.ids.some((id) => Buffer.from(NEW).toString('hex').includes(id)))
  })

  it('derives from the first, and says what the others would', () => {
    assert.deepEqual(both.derive('x'), after.derive('x'))
    assert.deepEqual(both.deriveEach('x'), [after.derive('x'), before.derive('x')])
  })

  it('comes from lines of the file, or from what is given, with commas', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'remit-ring-'))
    t.after(() => rmSync(directory, { recursive: true }))
    const write = (content: string) =>
      writeFileSync(join(directory, 'master.key'), content, { mode: 0o600 })
    const [a, b] = [base64url(NEW), base64url(OLD)]
    for (const content of [`${a}\n${b}\n`, `${a}\r\n${b}`]) {
      write(content)
      assert.deepEqual((await openMasterKey({ directory, random })).ids, both.ids)
    }
    const value = new Secret(`${a}, ${b}`)
    assert.deepEqual((await openMasterKey({ directory, value, random })).ids, both.ids)
    for (const content of [`${a}\nshort\n`, `${a}\n`.repeat(5), '\n']) {
      write(content)
      await assert.rejects(openMasterKey({ directory, random }), {
        code: 'keys.master_key_malformed',
      })
    }
  })
})
