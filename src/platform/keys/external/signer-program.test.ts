import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { STAND_IN_PIN, type StandIn, standIn } from '../../../../pkcs11/src/testing.ts'
import { verifySignature } from '../../jose/signature.ts'
import { sha256 } from '../../lib/bytes.ts'
import { manualClock } from '../../lib/clock.ts'
import type { ExternalKey } from './signer.ts'
import { SignerProgram } from './signer-program.ts'

const never = new AbortController().signal
const UNAVAILABLE = { code: 'keys.signer_unavailable' }

/** Runs a line of JavaScript as the signer program. */
function scripted(script: string): readonly [string, ...string[]] {
  return [process.execPath, '--input-type=module', '--eval', script]
}

describe('a signer program, with a token behind PKCS #11 (a stand-in)', () => {
  const clock = manualClock()
  let token: StandIn
  let errors: string[] = []
  let signer: SignerProgram
  let key: ExternalKey

  const signerWith = (
    wrong: { pin?: string; token?: string; command?: readonly [string, ...string[]] } = {},
  ) =>
    new SignerProgram({
      command: wrong.command ?? token.command(wrong.token),
      environment: { ...process.env, PKCS11_PIN: wrong.pin ?? STAND_IN_PIN },
      clock,
      onError: (error) => errors.push(String(error)),
    })
  const sign = (data: string, signal = never, by = signer) =>
    by.sign(key.reference, sha256(data), signal)
  const assertSigns = async (data: string) => {
    const publicKey = createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' })
    const signature = await sign(data)
    assert.ok(await verifySignature('ES256', publicKey, Buffer.from(data), signature), data)
  }

  before(async () => {
    process.env.REMIT_MASTER_KEY = 'only the server may know this'
    token = standIn()
    signer = signerWith()
    key = await signer.make('remit key_1', never)
  })
  beforeEach(() => {
    token.behave('well')
    errors = []
    clock.advance(10_000)
  })
  after(async () => {
    delete process.env.REMIT_MASTER_KEY
    await signer.close()
    token.end()
  })

  it('makes a key, and signs with it what ES256 verifies', async () => {
    assert.deepEqual(Object.keys(key.publicJwk), ['kty', 'crv', 'x', 'y'])
    await assertSigns('one')
    assert.equal(token.logins(), 1)
  })

  it('tells the process nothing that only the server may know', () => {
    assert.ok(token.environment().includes('PATH'))
    assert.ok(!token.environment().some((name) => /^(REMIT_|DATABASE_URL|PG)/.test(name)))
  })

  it('signs many at once, each in a session of its own', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, i) => assertSigns(`${i}`)))
  })

  it('begins anew by itself when its sessions are gone, and loses nothing', async () => {
    // More than there are sessions, and often: none of these may get lost.
    for (let round = 0; round < 6; round++) {
      token.behave('forget sessions')
      await Promise.all(Array.from({ length: 12 }, (_, i) => assertSigns(`${i}`)))
    }
    assert.equal(token.logins(), 7)
  })

  it('a device that fails: no signature; and then again', async () => {
    token.behave('refuse')
    await assert.rejects(sign('x'), UNAVAILABLE)
    token.behave('well')
    await assertSigns('x')
  })

  it('a library that hangs is killed when the time is over, and the next one is asked anew', async () => {
    token.behave('hang')
    const late = new AbortController()
    const [hung, beside] = [sign('x', late.signal), sign('y')]
    late.abort()
    await assert.rejects(hung, UNAVAILABLE)
    await assert.rejects(beside, UNAVAILABLE)
    token.behave('well')
    await assertSigns('x')
  })

  it('a library that crashes takes its own process with it, and no other', async () => {
    token.behave('die')
    await assert.rejects(Promise.all([sign('x'), sign('y')]), UNAVAILABLE)
    assert.match(errors.join(), /ended \(9\)/)
    token.behave('well')
    await assertSigns('x')
  })

  it('a key that can be taken out is none', async () => {
    const before = token.keys()
    token.behave('loose')
    await assert.rejects(signer.make('remit key_2', never), /can be taken out/)
    const left = token.keys().filter((name) => !before.includes(name))
    token.behave('well')
    for (const reference of left) await assert.rejects(signer.sign(reference, sha256('x'), never))
  })

  it('a deleted key signs nothing; deleting it again is fine', async () => {
    const other = await signer.make('remit key_3', never)
    for (let i = 0; i < 2; i++) await signer.destroy(other.reference, never)
    await assert.rejects(signer.sign(other.reference, sha256('x'), never), UNAVAILABLE)
    assert.ok(!token.keys().includes(other.reference))
  })

  it('a wrong PIN is tried once, whoever asks how often', async (t) => {
    const wrong = signerWith({ pin: 'wrong' })
    t.after(() => wrong.close())
    const before = token.logins()
    for (let i = 0; i < 3; i++) {
      await assert.rejects(sign('x', never, wrong), UNAVAILABLE)
      clock.advance(60_000)
    }
    assert.equal(token.logins(), before + 1)
    assert.ok(!errors.join().includes('wrong'), 'and not told')
  })

  it('no such token, no such package, no such program: said, and tried again only after a pause', async (t) => {
    const program = join(import.meta.dirname, '../../../../pkcs11/src/main.ts')
    const nowhere = `import { registerHooks } from 'node:module'
      registerHooks({ resolve(name, context, next) { return next(name === 'pkcs11js' ? 'no-such-package' : name, context) } })`
    const withoutPackage = [`--import=data:text/javascript,${encodeURIComponent(nowhere)}`, program]
    for (const [given, why] of [
      [{ token: 'lost' }, /0 tokens have the label lost/],
      [
        {
          command: [process.execPath, ...withoutPackage, '--module', 'x', '--token', 'remit'],
        },
        /Cannot find package/,
      ],
      [{ command: [process.execPath, program] }, /ended \(2\)/],
      [{ command: ['no-such-signer-program'] }, /ENOENT/],
    ] satisfies [Parameters<typeof signerWith>[0], RegExp][]) {
      const other = signerWith(given)
      t.after(() => other.close())
      await assert.rejects(sign('x', never, other), { ...UNAVAILABLE, message: why })
      await assert.rejects(sign('x', never, other), { message: /a moment ago/ })
      clock.advance(5_000)
      await assert.rejects(sign('x', never, other), { message: why })
    }
  })

  it('a program of another version is not asked for signatures', async (t) => {
    const other = signerWith({
      command: scripted(`process.stdin.once('data', (line) => {
        const { id, version } = JSON.parse(line)
        console.log(JSON.stringify({ id, error: 'not version ' + version, final: true }))
      })`),
    })
    t.after(() => other.close())
    await assert.rejects(sign('x', never, other), { ...UNAVAILABLE, message: /not version 1/ })
    clock.advance(60_000)
    await assert.rejects(sign('x', never, other), { ...UNAVAILABLE, message: /not version 1/ })
    const ended = errors.filter((error) => error.includes("the signer's process"))
    assert.equal(ended.length, 1, 'it was started once')
  })

  it('what a library prints is no answer, and a line without an end ends the process', async (t) => {
    const noisy = signerWith({
      command: scripted(`import { createInterface } from 'node:readline'
        for await (const line of createInterface({ input: process.stdin })) {
          const { do: what, id } = JSON.parse(line)
          console.log('null\\n[]\\n{"id":"1"}\\nthe library says hello')
          console.log(JSON.stringify(what === 'sign' ? { id, signature: 'AAAA' } : { id }))
        }`),
    })
    t.after(() => noisy.close())
    assert.deepEqual([...(await sign('x', never, noisy))], [0, 0, 0])
    assert.equal(errors.filter((error) => error.includes('no answer')).length, 8)
    const endless = signerWith({
      command: scripted(`process.stdin.resume(); process.stdout.write('x'.repeat(100_000))`),
    })
    t.after(() => endless.close())
    await assert.rejects(sign('x', never, endless), { message: /a line without an end/ })
  })

  it('an answer without a key or a signature is none', async (t) => {
    const empty = signerWith({
      command: scripted(`import { createInterface } from 'node:readline'
        for await (const line of createInterface({ input: process.stdin }))
          console.log(JSON.stringify({ id: JSON.parse(line).id, key: 1, signature: '=' }))`),
    })
    t.after(() => empty.close())
    await assert.rejects(sign('x', never, empty), /no signature was answered/)
    await assert.rejects(empty.make('remit key_4', never), /no key was answered/)
  })

  it('when it is closed, nothing is asked any more', async () => {
    const other = signerWith()
    const asked = sign('x', never, other)
    await Promise.all([assert.rejects(asked, UNAVAILABLE), other.close()])
    await assert.rejects(sign('x', never, other), UNAVAILABLE)
  })
})
