import assert from 'node:assert/strict'
import { after, afterEach, it } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { STAND_IN_PIN, type StandIn, standIn } from '../../pkcs11/src/testing.ts'
import type { ProblemCode } from '../../src/platform/lib/problem.ts'
import { Secret } from '../../src/platform/lib/secret.ts'
import { everythingStored } from '../everything-stored.ts'
import { assertFailed, assertRefused } from '../refusals.ts'
import { type Answer, send } from '../wire.ts'
import { inEachWorld, type World } from '../world.ts'

interface Key {
  readonly kid: string
  readonly held: string
  readonly state: string
}

/** The token of the world that is there now, made when that begins. */
let kept: StandIn | undefined
/** Signer settings of the next start, instead of the usual ones. */
let told: Readonly<Record<string, string>> | undefined

function token(): StandIn {
  kept ??= standIn()
  return kept
}

function configured(token: StandIn, signer = 'external'): Readonly<Record<string, string>> {
  return { REMIT_SIGNER: signer, REMIT_SIGNER_COMMAND: token.command().join(' ') }
}

function assertNoneSigned(answer: Answer, code: ProblemCode): void {
  const { body, status, text } = answer
  assert.deepEqual([status, body.error, body.code], [503, 'temporarily_unavailable', code], text)
  assert.ok(!('access_token' in body))
}

inEachWorld(
  'keys in a token behind PKCS #11 (a stand-in)',
  (world) => {
    process.env.PKCS11_PIN = STAND_IN_PIN
    const keys = async (w: World): Promise<readonly Key[]> => {
      const { body, text } = await (await w.api('ada')).send('GET', '/keys')
      assert.ok(Array.isArray(body.keys), text)
      return body.keys as Key[] // as: the schema says so
    }
    const states = async (w: World) => (await keys(w)).map(({ held, state }) => `${held} ${state}`)
    const ready = async (w: World) => (await send(`${w.issuer}/readyz`)).status
    const verified = async (w: World, text: string) => {
      const set = JSON.parse((await send(`${w.issuer}/oauth/jwks`)).text) as JSONWebKeySet // as: `jose` reads it
      const currentDate = new Date(w.clock.now())
      const options = { issuer: w.issuer, algorithms: ['ES256'], currentDate }
      return (await jwtVerify(text, createLocalJWKSet(set), options)).protectedHeader.kid
    }
    const openTasks = async (w: World) => {
      const rows = await w.rooms.storage.read
        .selectFrom('tasks')
        .select('id')
        .where('state', '=', 'open')
        .execute()
      return rows.length
    }
    afterEach(() => token().behave('well'))
    after(() => {
      kept?.end()
      kept = undefined
    })

    it('the first key is made there; everything is signed with it, and nothing of it is here', async () => {
      const w = world()
      assert.deepEqual(await states(w), ['external signing'])
      const task = await w.open()
      const text = await w.agent.token(task, `${w.gateway}/echo`)
      assert.equal(await verified(w, text), (await keys(w))[0]?.kid)
      assert.equal((await w.agent.call(task, 'GET', '/echo/things/1', { token: text })).status, 200)
      assert.equal(await ready(w), 200)
      const stored = await everythingStored(w)
      const pin = new Secret(STAND_IN_PIN)
      assert.ok(!stored.includes(pin.reveal()) && !w.log.includes(pin.reveal()))
      assert.equal(token().keys().length, 1)
    })

    for (const [how, code] of [
      ['refuse', 'keys.signer_unavailable'],
      ['die', 'keys.signer_unavailable'],
      ['wrong key', 'keys.signer_wrong'],
    ] as const)
      it(`when it is to ${how}: no token, no task left behind, not ready; then all is well again`, async () => {
        const w = world()
        await w.trustEcho()
        const task = await w.open()
        const held = await w.agent.token(task, `${w.gateway}/echo`)
        const open = await openTasks(w)
        w.clock.advance(11_000)
        token().behave(how)
        assertNoneSigned(await w.agent.askToken(task, `${w.gateway}/echo`), code)
        const subjectToken = await w.idToken()
        assertNoneSigned(await w.agent.ask({ subjectToken, details: w.everything }), code)
        assert.equal(await openTasks(w), open)
        assert.equal(await ready(w), 503)
        // A call that needs a transaction token comes to nothing, and is recorded as not sent.
        w.echo.forget()
        assertFailed(await w.agent.call(task, 'GET', '/echo/things/1', { token: held }), code)
        assert.equal(w.echo.reached.length, 0)
        token().behave('well')
        assert.equal(await ready(w), 200)
        await w.agent.token(task, `${w.gateway}/echo`)
        assert.equal(
          (await w.agent.call(task, 'GET', '/echo/things/1', { token: held })).status,
          200,
        )
      })

    it('one that cannot be made leaves the old one as it is', async () => {
      const w = world()
      const ada = await w.api('ada')
      token().behave('refuse')
      assertRefused(await ada.send('POST', '/keys', {}), 'keys.signer_unavailable')
      assert.deepEqual(await states(w), ['external signing'])
    })

    it('a key is withdrawn although the token does nothing: dead at once, and nothing signs until it works again', async () => {
      const w = world()
      const ada = await w.api('ada')
      const task = await w.open()
      const held = await w.agent.token(task, `${w.gateway}/echo`)
      const [key] = await keys(w)
      token().behave('refuse')
      assert.equal((await ada.send('POST', `/keys/${key?.kid}/withdraw`, {})).status, 200)
      const dead = await w.agent.call(task, 'GET', '/echo/things/1', { token: held })
      assert.equal(dead.body.code, 'token.unknown_key')
      assert.deepEqual(await states(w), [])
      const subjectToken = await w.idToken()
      const asked = await w.agent.ask({ subjectToken, details: w.everything })
      assertNoneSigned(asked, 'keys.nothing_signs')
      assert.equal(await ready(w), 503)
      token().behave('well')
      assert.equal((await ada.send('POST', '/keys', {})).status, 200)
      assert.deepEqual(await states(w), ['external signing'])
      assert.equal(await ready(w), 200)
      await w.agent.token(await w.open(), `${w.gateway}/echo`)
    })

    it('withdrawn while it works, another is made there and signs at once', async () => {
      const w = world()
      const ada = await w.api('ada')
      const [key] = await keys(w)
      assert.equal((await ada.send('POST', `/keys/${key?.kid}/withdraw`, {})).status, 200)
      const [next] = await keys(w)
      assert.deepEqual([next?.state, next?.kid === key?.kid], ['signing', false])
      assert.equal(token().keys().length, 1, 'it is deleted there, too')
      await w.open()
    })

    it('a rotation makes the next one there; what the old one signed stays good, and the old one is deleted there in the end', async () => {
      const w = world()
      const ada = await w.api('ada')
      const task = await w.open()
      const before = await w.agent.token(task, `${w.gateway}/echo`)
      assert.equal((await ada.send('POST', '/keys', {})).status, 200)
      assert.deepEqual(await states(w), ['external signing', 'external announced'])
      assert.equal(token().keys().length, 2)
      assertRefused(await ada.send('POST', '/keys', {}), 'keys.rotation_under_way')
      assert.equal(token().keys().length, 2, 'one that nobody needs is not left there')
      await verified(w, before)
      w.clock.advance(600_000)
      const [, next] = await keys(w)
      const text = await w.agent.token(task, `${w.gateway}/echo`)
      assert.equal(await verified(w, text), next?.kid)
      w.clock.advance(24 * 3_600_000 + 30_000)
      await w.rooms.keys.forget()
      await w.rooms.keys.refresh()
      assert.equal(token().keys().length, 1)
    })

    it('without its settings there is no start; and the way back is a rotation', async () => {
      const w = world()
      const startWith = async (given: Readonly<Record<string, string>> | undefined) => {
        await w.stopServer()
        told = given
        await w.startServer()
      }
      await assert.rejects(startWith({}), { code: 'keys.signer_missing' })
      const back = configured(token(), 'here')
      await startWith(back)
      assert.match(w.log, /the one that signs tokens is in external/)
      const ada = await w.api('ada')
      assert.equal((await ada.send('POST', '/keys', {})).status, 200)
      assert.deepEqual(await states(w), ['external signing', 'here announced'])
      w.clock.advance(600_000)
      await startWith({})
      assert.deepEqual(await states(w), ['external retired', 'here signing'])
      assert.equal(await ready(w), 200)
      await startWith(undefined)
    })
  },
  { settings: () => told ?? configured(token()) },
)
