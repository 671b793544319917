import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { send } from '../../wire.ts'
import { World } from '../../world.ts'

const PIN = '4711-of-the-user'

/** A token of its own in a folder of its own. Answers the settings for it. */
function makeToken(home: string): Readonly<Record<string, string>> {
  const { REMIT_INTEROP_SIGNER: program, REMIT_INTEROP_SOFTHSM: module } = process.env
  if (!module || !program) throw new Error('run these tests by `npm run test:interop`')
  mkdirSync(join(home, 'tokens'))
  const configuration = join(home, 'softhsm2.conf')
  const lines = [`directories.tokendir = ${join(home, 'tokens')}`, 'objectstore.backend = file']
  writeFileSync(configuration, `${[...lines, 'log.level = ERROR'].join('\n')}\n`)
  // The process that loads the library is told the environment, but for what is the server's own.
  process.env.SOFTHSM2_CONF = configuration
  process.env.PKCS11_PIN = PIN
  const pins = ['--pin', PIN, '--so-pin', '4711-of-the-officer']
  const made = spawnSync('softhsm2-util', ['--init-token', '--free', '--label', 'remit', ...pins], {
    encoding: 'utf8',
  })
  assert.equal(made.status, 0, made.stderr)
  return {
    REMIT_SIGNER: 'external',
    REMIT_SIGNER_COMMAND: `${process.execPath} ${program} --module ${module} --token remit`,
  }
}

describe('keys in a SoftHSM', () => {
  const home = mkdtempSync(join(tmpdir(), 'remit-softhsm-'))
  let settings: Readonly<Record<string, string>>
  let w: World
  before(async () => {
    settings = makeToken(home)
    w = await World.start('sqlite', { settings: () => settings })
  })
  after(async () => {
    await w?.stop()
    rmSync(home, { recursive: true })
  })

  const states = async () => {
    const { body } = await (await w.api('ada')).send('GET', '/keys')
    const keys = body.keys as { kid: string; held: string; state: string }[] // as: the schema says so
    return keys.map(({ held, kid, state }) => ({ kid, is: `${held} ${state}` }))
  }
  const verified = async (text: string) => {
    const set = JSON.parse((await send(`${w.issuer}/oauth/jwks`)).text) as JSONWebKeySet // as: `jose` reads it
    const currentDate = new Date(w.clock.now())
    const options = { issuer: w.issuer, algorithms: ['ES256'], currentDate }
    return (await jwtVerify(text, createLocalJWKSet(set), options)).protectedHeader.kid
  }

  it('many tokens at once, each signed there and good for an outside verifier and the gateway', async () => {
    const [key] = await states()
    assert.equal(key?.is, 'external signing')
    const task = await w.open()
    const tokens = await Promise.all(
      Array.from({ length: 32 }, () => w.agent.token(task, `${w.gateway}/echo`)),
    )
    for (const token of tokens) assert.equal(await verified(token), key?.kid)
    const [token = ''] = tokens
    assert.equal((await w.agent.call(task, 'GET', '/echo/things/1', { token })).status, 200)
  })

  it('the same key signs after a start', async () => {
    const before = await states()
    await w.restart()
    assert.deepEqual(await states(), before)
    await w.agent.token(await w.open(), `${w.gateway}/echo`)
  })

  it('a key that is withdrawn is deleted there, and the next one is made', async () => {
    const ada = await w.api('ada')
    const [old] = await states()
    assert.equal((await ada.send('POST', `/keys/${old?.kid}/withdraw`, {})).status, 200)
    const [next, ...others] = await states()
    assert.deepEqual(
      [next?.is, others.length, next?.kid === old?.kid],
      ['external signing', 0, false],
    )
    await w.agent.token(await w.open(), `${w.gateway}/echo`)
  })

  it('a rotation goes from one key of the token to the next', async () => {
    const task = await w.open()
    const before = await w.agent.token(task, `${w.gateway}/echo`)
    assert.equal((await (await w.api('ada')).send('POST', '/keys', {})).status, 200)
    w.clock.advance(600_000)
    const after = await w.agent.token(task, `${w.gateway}/echo`)
    const [old, next] = await states()
    assert.deepEqual([old?.is, next?.is], ['external retired', 'external signing'])
    assert.equal(await verified(after), next?.kid)
    assert.notEqual(await verified(after), old?.kid)
    await assert.rejects(verified(before), /"exp" claim/, 'its own time was over')
  })

  it('with a wrong PIN nothing is signed, and the token is not locked', async () => {
    await w.stopServer()
    process.env.PKCS11_PIN = 'wrong'
    await w.startServer()
    for (let i = 0; i < 5; i++) assert.equal((await send(`${w.issuer}/readyz`)).status, 503)
    assert.match(w.log, /CKR_PIN_INCORRECT/)
    assert.ok(!w.log.includes(PIN))
    await w.stopServer()
    process.env.PKCS11_PIN = PIN
    await w.startServer()
    assert.equal((await send(`${w.issuer}/readyz`)).status, 200)
  })
})
