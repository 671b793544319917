import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import { sha256url } from '../../src/platform/lib/bytes.ts'
import { assertRefused } from '../refusals.ts'
import { send } from '../wire.ts'
import { Api, inEachWorld, type PersonName, type World } from '../world.ts'

/**
 * Gets a code as `remit login` and the person's browser do: it comes back to a loopback address of
 * ours.
 */
async function code(w: World, name: PersonName) {
  const received: URL[] = []
  const listening = http.createServer((request, reply) => {
    received.push(new URL(request.url ?? '', 'http://127.0.0.1'))
    reply.end('done')
  })
  await once(listening.listen(0, '127.0.0.1'), 'listening')
  const { port } = listening.address() as AddressInfo // listening on TCP
  const redirect_uri = `http://127.0.0.1:${port}/callback`
  const verifier = randomBytes(32).toString('base64url')
  const browser = await w.browser(name)
  const challenge = { code_challenge: sha256url(verifier), redirect_uri, state: 'of-the-cli' }
  const asked = await browser.get(`${w.issuer}/cli?${new URLSearchParams(challenge)}`)
  await browser.submit(asked, /^Sign in the command line/)
  listening.close()
  const [back] = received
  assert.equal(back?.searchParams.get('state'), 'of-the-cli')
  return { code: back?.searchParams.get('code') ?? '', verifier, redirect_uri }
}

function redeem(w: World, body: object) {
  return send(`${w.issuer}/api/v1/session`, {
    method: 'POST',
    headers: [['Content-Type', 'application/json']],
    body: JSON.stringify(body),
  })
}

async function login(w: World, name: PersonName): Promise<Api> {
  const answer = await redeem(w, await code(w, name))
  assert.equal(answer.status, 200, answer.text)
  return new Api(`${w.issuer}/api/v1`, String(answer.body.token))
}

const AGENT = { name: 'new-bot', description: '', trust: 1, ceiling: [] }

inEachWorld(
  'the command line, outside development',
  (world) => {
    it('is signed in by a code that works once, with its verifier, at its own address', async () => {
      const w = world()
      const first = await code(w, 'ada')
      const answer = await redeem(w, first)
      assert.equal(answer.status, 200, answer.text)
      const ada = new Api(`${w.issuer}/api/v1`, String(answer.body.token))
      const me = await ada.send('GET', '/session')
      assert.equal(me.body.administrator, true)
      assertRefused(await redeem(w, first), 'cli_code.invalid', 'twice')

      const other = await code(w, 'ada')
      assertRefused(await redeem(w, { ...other, verifier: first.verifier }), 'cli_code.invalid')
      assertRefused(await redeem(w, other), 'cli_code.invalid', 'a wrong try uses it up')
      const moved = await code(w, 'ada')
      const elsewhere = { ...moved, redirect_uri: 'http://127.0.0.1:1/callback' }
      assertRefused(await redeem(w, elsewhere), 'cli_code.invalid')

      assert.equal((await ada.send('DELETE', '/session')).status, 200)
      assertRefused(await ada.send('GET', '/session'), 'session.required')
    })

    it('widens access only after a yes on the page, to exactly this, once', async () => {
      const w = world()
      const ada = await login(w, 'ada')
      const first = await ada.send('POST', '/agents', AGENT)
      assert.equal(first.status, 202, first.text)
      const { id, url } = first.body.confirmation as { id: string; url: string } // the answer of a widening act
      assert.equal((await ada.send('GET', '/agents/new-bot')).status, 404, 'nothing was done yet')
      assert.equal((await ada.send('GET', `/confirmations/${id}`)).body.state, 'pending')
      const confirmed = (body: object, with_ = id) =>
        ada.send('POST', '/agents', body, [['Remit-Confirmation', with_]])
      assertRefused(await confirmed(AGENT), 'confirmation.missing', 'before the yes')

      const sam = await w.browser('sam')
      assert.equal((await sam.get(url)).status, 404, 'only she sees it')
      const cli = await send(url, { headers: [['Cookie', `remit_session=${ada.token}`]] })
      assert.equal(cli.status, 303, 'the session of the command line opens no page')
      const browser = await w.browser('ada')
      const page = await browser.get(url)
      assert.ok(page.text.includes('new-bot'), page.text)
      assert.equal((await browser.submit(page, /^Confirm/)).status, 200)
      assert.equal((await ada.send('GET', `/confirmations/${id}`)).body.state, 'confirmed')

      assertRefused(
        await confirmed({ ...AGENT, trust: 3 }),
        'confirmation.missing',
        'something else',
      )
      const sams = await login(w, 'sam')
      assertRefused(
        await sams.send('POST', '/agents', AGENT, [['Remit-Confirmation', id]]),
        'api.not_permitted',
      )
      const done = await confirmed(AGENT)
      assert.equal(done.status, 200, done.text)
      assertRefused(
        await confirmed({ ...AGENT, name: 'new-bot-2' }),
        'confirmation.missing',
        'used',
      )
      assertRefused(await confirmed(AGENT), 'confirmation.missing', 'used')
    })

    it('what was refused on the page stays undone, and what narrows needs no yes', async () => {
      const w = world()
      const ada = await login(w, 'ada')
      const asked = await ada.send('POST', '/agents/refund-bot/resume', {})
      assert.equal(asked.status, 202)
      const { id, url } = asked.body.confirmation as { id: string; url: string } // as above
      const browser = await w.browser('ada')
      await browser.submit(await browser.get(url), /^Refuse/)
      assertRefused(
        await ada.send('POST', '/agents/refund-bot/resume', {}, [['Remit-Confirmation', id]]),
        'confirmation.missing',
      )
      assert.equal((await ada.send('POST', '/agents/refund-bot/suspend', {})).status, 200)
    })
  },
  { development: false },
)
