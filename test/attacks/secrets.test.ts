import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { createSetupLink, issueCliCode } from '../../src/identity/sessions/index.ts'
import { Pep } from '../conformance/authzen/pdp.ts'
import { ECHO_SECRET } from '../echo.ts'
import { everythingStored } from '../everything-stored.ts'
import { deskActions, Stranger } from '../mcp/stranger.ts'
import { assertRequestable } from '../refusals.ts'
import { send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

/** A secret as it is, and as it would look in the encodings that turn up in stores and logs. */
function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret)
  // Base64 of a longer text holds that of its middle whatever comes before it.
  const middle = bytes.subarray(3, bytes.length - (bytes.length % 3) - 3)
  return [secret, bytes.toString('hex'), middle.toString('base64'), middle.toString('base64url')]
}

inEachWorld('secrets', (world) => {
  it('never turn up in the log, the ledger, the store or an answer', async () => {
    const w = world()
    w.echo.forget()
    await w.trustEcho()
    const secrets = new Map<string, string>([['credential of a connection', ECHO_SECRET]])
    const note = (name: string, secret: string) => {
      assert.ok(secret.length >= 20, name)
      secrets.set(name, secret)
    }
    note('master key', (await readFile(join(w.data, 'master.key'), 'utf8')).trim())
    note('client secret of the provider', w.environment.REMIT_IDP_CLIENT_SECRET ?? '')
    const subject = await w.idToken()
    note('subject token', subject)
    const assertion = await w.agent.assertion()
    note('client assertion', assertion)
    const { newKey } = await import('../signing.ts')
    const key = await newKey()
    const opened = await w.agent.ask(
      { subjectToken: subject, details: w.everything, key },
      { form: { client_assertion: assertion } },
    )
    assert.equal(opened.status, 200, opened.text)
    const task = { id: String(opened.body.task_id), token: String(opened.body.access_token), key }
    note('task token', task.token)
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    note('resource token', token)
    const url = `${w.gateway}/echo/things/1`
    const proof = await w.agent.proof(key, { method: 'GET', url, token })
    note('proof', proof)
    const call = await w.agent.call(task, 'GET', '/echo/things/1', { token, proofs: [proof] })
    assert.equal(call.status, 200)
    note('transaction token', String(w.echo.reached[0]?.headers['txn-token']))

    const browser = await w.browser('fiona')
    const { page } = assertRequestable(
      await w.agent.call(task, 'DELETE', '/echo/things/1', { token }),
    )
    const shown = await browser.get(page)
    note('form token', /name="csrf" value="([^"]+)"/.exec(shown.html)?.[1] ?? '')
    note('session of a browser', browser.cookie(w.issuer, 'remit_session') ?? '')
    const ada = await w.api('ada')
    note('session of the command line', ada.token)
    const { id: adaId } = await w.person('ada')
    const code = await issueCliCode(w.rooms.people, {
      personId: adaId,
      authTime: w.clock.now(),
      challenge: 'A'.repeat(43),
      redirectUri: 'http://127.0.0.1:1/callback',
    })
    note('code of the command line', code.reveal())
    assert.equal(
      (
        await ada.send('POST', '/connections', {
          name: 'kept',
          kind: 'bearer',
          secret: 'canary-of-a-second-connection',
        })
      ).status,
      200,
    )
    note('second credential', 'canary-of-a-second-connection')
    const replacement = { secret: 'canary-of-a-replaced-credential' }
    const replaced = await ada.send('PUT', '/connections/kept/credential', replacement)
    assert.equal(replaced.status, 200)
    note('replaced credential', replacement.secret)

    const stranger = await Stranger.arrive(w)
    await addAdmissionRule(w.rooms.agents, {
      ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2 },
      ...{ ceiling: deskActions(w), ownerId: adaId, by: adaId },
    })
    const back = await stranger.codeFor(`${w.gateway}/desk`)
    note('authorization code', back.searchParams.get('code') ?? '')
    note('code verifier', stranger.verifier)
    const { body: issued } = await stranger.redeem(back, `${w.gateway}/desk`)
    note('bearer token', String(issued.access_token))
    note('refresh token', String(issued.refresh_token))
    const sam = await w.browser('sam')
    note('what tells a browser from others', sam.cookie(w.issuer, 'remit_browser') ?? '')

    // Enforcement points of others forward what agents showed them, several at once and in searches, too.
    const pep = await Pep.add(w, 'edge')
    note('secret of an enforcement point', pep.secret)
    const forwarded = await w.agent.proof(key, { method: 'GET', url, token })
    note('forwarded proof', forwarded)
    const asked = {
      subject: { type: 'identity', id: (await w.person('sam')).id },
      resource: { type: 'resource', id: 'echo' },
      action: { name: 'echo.read' },
    }
    for (const context of [
      { task: task.id, access_token: token, dpop: forwarded, method: 'GET', url },
      { task: task.id, access_token: issued.access_token },
      { authorization: `DPoP ${token}`, proof: forwarded },
    ])
      for (const answer of [
        await pep.evaluate({ ...asked, context }),
        await pep.evaluateAll({ ...asked, context, evaluations: [{}, { context: {} }] }),
        await pep.evaluateAll({ ...asked, evaluations: [{ context }] }),
        await pep.search('action', { ...asked, context }),
      ])
        assert.equal(answer.status, 200, answer.text)

    // In all the places where they do not belong.
    const answers: string[] = [call.text, shown.html]
    for (const secret of [...secrets.values()]) {
      const odd = encodeURIComponent(secret)
      for (const answer of [
        await send(`${w.issuer}/${odd.slice(0, 4000)}`),
        await send(`${w.issuer}/api/v1/agents/${odd.slice(0, 150)}`, {
          headers: [['Authorization', `Bearer ${secret}`]],
        }),
        await send(`${w.issuer}/oauth/token?client_assertion=${odd.slice(0, 4000)}`, {
          method: 'POST',
          headers: [['Content-Type', 'application/x-www-form-urlencoded']],
          body: `grant_type=${odd.slice(0, 4000)}`,
        }),
        await send(`${w.issuer}/oauth/authorize?client_id=${odd.slice(0, 4000)}`),
        await send(`${w.gateway}/echo/things/1?q=${odd.slice(0, 4000)}`, {
          headers: [
            ['Authorization', `DPoP ${secret}`],
            ['DPoP', secret],
          ],
        }),
        await send(`${w.gateway}/${odd.slice(0, 4000)}`),
      ])
        assert.ok(answer.status >= 400, `${answer.status}`)
    }
    const export_ = await ada.send('GET', '/ledger/export?private=true')
    assert.equal(export_.status, 200)
    const exported = export_.text
      .trim()
      .split('\n')
      .map((line) => Buffer.from(JSON.parse(line).data, 'base64').toString('latin1'))
      .join('\n')
    const places = {
      log: w.log,
      ledger: exported,
      store: await everythingStored(w),
      answers: answers.join('\n'),
    }
    for (const [name, secret] of secrets)
      for (const [place, text] of Object.entries(places)) {
        if (name === 'form token' && place === 'answers') continue
        for (const spelling of spellings(secret))
          assert.ok(!text.includes(spelling), `${name} in ${place}: …${around(text, spelling)}…`)
      }
    assert.ok(!/-----BEGIN|"d":"/.test(places.store), 'no private key in the clear')
    assert.ok(places.log.length > 1000, 'there was a log to look at')
    for (const line of places.log.trim().split('\n')) JSON.parse(line)
  })

  it('the setup link is nowhere but on the terminal it was printed to', async () => {
    const w = world()
    // Somebody must be missing before there is a link again.
    await w.rooms.storage.transaction((tx) =>
      tx.deleteFrom('memberships').where('group_name', '=', 'administrators').execute(),
    )
    const { token } = await createSetupLink(w.rooms.people)
    const secret = token.reveal()
    await send(`${w.issuer}/setup/${secret}`)
    await send(`${w.issuer}/setup/${secret}`, { method: 'POST', headers: [['Origin', w.issuer]] })
    for (const [place, text] of [
      ['log', w.log],
      ['store', await everythingStored(w)],
    ] as const)
      for (const spelling of spellings(secret)) assert.ok(!text.includes(spelling), place)
  })

  it('files of the data directory are for their owner only', async () => {
    const w = world()
    const names = new Set<string>()
    for (const name of await readdir(w.data)) {
      // A file that was written beside another and took its place is gone.
      const found = await stat(join(w.data, name)).catch(() => undefined)
      if (!found) continue
      assert.equal(found.mode & 0o077, 0, name)
      names.add(name)
    }
    for (const name of ['ledger.head', 'master.key']) assert.ok(names.has(name), name)
    assert.equal((await stat(w.data)).mode & 0o077, 0)
  })
})

function around(text: string, found: string): string {
  const at = text.indexOf(found)
  return text.slice(Math.max(0, at - 60), at)
}
