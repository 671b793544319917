import assert from 'node:assert/strict'
import { after, afterEach, it } from 'node:test'
import { importJWK } from 'jose'
import * as openid from 'openid-client'
import { Browser, everythingTicked, type Page } from '../../examples/refund-desk/browser.ts'
import { setCallback } from '../../src/extensions/authzen/submissions/index.ts'
import { setNotifyAt } from '../../src/identity/agents/index.ts'
import { notifyOnce } from '../../src/identity/notifications/index.ts'
import { serveMailbox } from '../../src/programs/dev/mailbox/serve.ts'
import type { OpenTask } from '../agent.ts'
import { Pep } from '../conformance/authzen/pdp.ts'
import { standing } from '../mcp/asking.ts'
import { type Place, rpcOf, wordsOf } from '../mcp/place.ts'
import { connectNew, REVISION, Stateless } from '../mcp/stateless.ts'
import { TASKS } from '../mcp/task-server.ts'
import { assertRequestable } from '../refusals.ts'
import { addRules, sdkTask } from '../sdk/shops.ts'
import { until } from '../until.ts'
import { startUpstream } from '../upstream.ts'
import { send } from '../wire.ts'
import { inOneWorld, type PersonName, type World } from '../world.ts'

// Every wire by which an agent waits for people, from end to end: its person has no page open, gets an e-mail, opens the link in a
// browser that never was here, signs in, and answers.

const mail = await serveMailbox({ port: 0, smtpPort: 0, issuer: '' })
after(() => mail.close())
const ears = await startUpstream()
ears.answer = (_request, reply) => void reply.writeHead(204).end()
after(() => ears.close())

async function mailsTo(person: PersonName): Promise<readonly { text: string; at: number }[]> {
  return (await fetch(`${mail.origin}/mails.json?to=${person}`)).json() as Promise<
    readonly { text: string; at: number }[]
  > // as: the sample says so
}

/** Reads the e-mails so far: whoever is told next is told at once. */
async function readAll(w: World, person: PersonName): Promise<number> {
  await w.rooms.storage.transaction((tx) => tx.deleteFrom('deliveries').execute())
  return (await mailsTo(person)).length
}

/** Opens the link of the next e-mail in a browser of its own, signs in, and presses. Answers what the page said. */
async function answerByMail(
  before: number,
  person: PersonName,
  button: RegExp,
): Promise<{ readonly asked: Page; readonly mail: string }> {
  const { text } = await until(async () => {
    const all = await mailsTo(person)
    return all.length > before ? all[0] : undefined
  })
  const [link = assert.fail(text)] = text.match(/http\S+\/(?:approvals|consent)\/\w{3}_\S+/) ?? []
  const browser = new Browser()
  const choose = await browser.get(link)
  const first = await browser.submit(choose, new RegExp(`^${person}$`))
  assert.equal(first.url, link, 'after the sign-in, the page of the link')
  const asked = await signedInAgain(browser, first, person)
  const answered = await browser.submit(asked, button, everythingTicked(asked))
  assert.equal(answered.status, 200, answered.text)
  return { asked, mail: text }
}

/** Signs in once more where the page wants that before a yes; a yes that is sent all the same is refused. */
async function signedInAgain(browser: Browser, page: Page, person: PersonName): Promise<Page> {
  const [, href] = /href="(\/sign-in\?again=yes[^"]*)"/.exec(page.html) ?? []
  if (href === undefined) return page
  const forced = await browser.submit(page, /^deny$/, {
    answer: 'grant',
    ...everythingTicked(page),
  })
  assert.deepEqual([forced.status, /sign in again first/i.test(forced.text)], [403, true])
  const choose = await browser.get(new URL(href.replaceAll('&amp;', '&'), page.url).href)
  const back = await browser.submit(choose, new RegExp(`^${person}$`))
  assert.equal(back.url, page.url, 'after that, the same page')
  return back
}

/** Way in which an MCP client makes a call and hears of its approval. */
type Rung = (given: {
  readonly call: { readonly name: string; readonly arguments: Record<string, string> }
  /** Words and addresses that it was told while it waited. */
  readonly heard: string[]
  readonly place: Place
  readonly task: OpenTask
}) => Promise<unknown>

function hearing(heard: string[]) {
  return ({ message = '' }: { message?: string | undefined }) => void heard.push(message)
}

inOneWorld(
  'who is told by e-mail and answers by its link',
  (world) => {
    afterEach(() => world().closeTasks())

    const at = standing(world)

    async function clientOf(w: World) {
      const key = await importJWK(w.agent.key.privateJwk, 'ES256')
      if (key instanceof Uint8Array) throw new Error('an EC key is no secret')
      return openid.discovery(
        new URL(w.issuer),
        'refund-bot',
        undefined,
        openid.PrivateKeyJwt(key),
        { execute: [openid.allowInsecureRequests] },
      )
    }

    it('a call over HTTP: the SDK tells what it waits for, and goes on', async () => {
      const w = world()
      w.echo.forget()
      const before = await readAll(w, 'fiona')
      await using task = await sdkTask(w, { details: w.everything as never[] }) // as: written as details
      const progress: string[] = []
      const waiting = task.fetch(`${w.gateway}/echo/things/told`, {
        method: 'DELETE',
        onApproval: ({ page }) => void progress.push(page),
      })
      const { asked, mail: text } = await answerByMail(before, 'fiona', /^Approve once/)
      assert.match(text, /DELETE \/things\/"told"/)
      assert.equal((await waiting).status, 200)
      assert.deepEqual(progress, [asked.url])
      assert.equal(w.echo.reached.length, 1)
    })

    it('a call over HTTP that is denied: the agent reads the reason', async () => {
      const w = world()
      w.echo.forget()
      const before = await readAll(w, 'fiona')
      const task = await w.open()
      const remove = () => w.agent.call(task, 'DELETE', '/echo/things/kept')
      assertRequestable(await remove())
      await answerByMail(before, 'fiona', /^Deny/)
      assert.equal((await remove()).body.code, 'approval.denied')
      assert.equal(w.echo.reached.length, 0)
    })

    /** Every rung of docs/mcp.md. The official clients speak all of them but the result of a task, which is spoken by hand. */
    const RUNGS: Readonly<Record<string, Rung>> = {
      'a session, held with progress': async ({ call, heard, place, task }) => {
        const client = await place.connect(task)
        const onprogress = hearing(heard)
        const result = await client.callTool(call, undefined, { onprogress })
        await client.close()
        return result
      },
      'a session, held in silence': async ({ call, place, task }) => {
        const client = await place.connect(task)
        const result = await client.callTool(call)
        await client.close()
        return result
      },
      'without sessions, held with progress': async ({ call, heard, place, task }) => {
        const client = await connectNew(world(), place, task, { pin: REVISION })
        const result = await client.callTool(call, { onprogress: hearing(heard) })
        await client.close()
        return result
      },
      'without sessions, held in silence': async ({ call, place, task }) => {
        const client = await connectNew(world(), place, task, { pin: REVISION })
        const result = await client.callTool(call)
        await client.close()
        return result
      },
      'a page that the client opens, then held': async ({ call, heard, place, task }) => {
        const capabilities = { elicitation: { url: {} } }
        const client = await connectNew(world(), place, task, 'auto', { capabilities })
        client.setRequestHandler('elicitation/create', ({ params }) => {
          heard.push('url' in params ? String(params.url) : 'no page')
          return { action: 'accept' }
        })
        const result = await client.callTool(call)
        await client.close()
        return result
      },
      'the result of a task': async ({ call, place, task }) => {
        const client = await Stateless.at(place, task, TASKS)
        const { taskId } = rpcOf(await client.call(call.name, call.arguments)).result
        return until(async () => {
          const { result } = rpcOf(await client.request('tasks/get', { taskId }))
          return result.status === 'completed' ? result.result : undefined
        })
      },
    }

    for (const [name, rung] of Object.entries(RUNGS))
      it(`MCP: ${name}`, async () => {
        const { place } = at
        const task = await place.open()
        const before = await readAll(world(), 'fiona')
        const heard: string[] = []
        const call = { name: 'erase', arguments: { what: 'told' } }
        const calling = rung({ call, heard, place, task })
        const { asked } = await answerByMail(before, 'fiona', /^Approve once/)
        assert.equal(wordsOf(await calling), 'done')
        if (/progress|page/.test(name)) assert.ok(heard[0]?.includes(asked.url), heard[0])
        else assert.deepEqual(heard, [])
      })

    it('MCP: pending with a link, and the same call again', async () => {
      const { place } = at
      const task = await place.open()
      const before = await readAll(world(), 'fiona')
      const capabilities = { elicitation: { url: {} } }
      const client = await connectNew(world(), place, task, 'auto', { capabilities })
      client.setRequestHandler('elicitation/create', () => ({ action: 'decline' }))
      const call = { name: 'erase', arguments: { what: 'told' } }
      const pending = await client.callTool(call)
      assert.match(wordsOf(pending), /^PENDING, not executed/)
      const { asked } = await answerByMail(before, 'fiona', /^Approve once/)
      assert.ok(wordsOf(pending).includes(asked.url), wordsOf(pending))
      assert.equal(wordsOf(await client.callTool(call)), 'done')
      await client.close()
    })

    it('A10: an agent that asks again and again has its share of questions, and the approver is told', async () => {
      const w = world()
      const before = await readAll(w, 'fiona')
      // One person has a third of the places of the agent's approvers.
      for (const [round, asking] of [10, 7, 0].entries()) {
        const task = await w.open()
        const ask = (i: number) => w.agent.call(task, 'DELETE', `/echo/things/bomb-${round}-${i}`)
        const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => ask(i)))
        const codes = answers.map(({ body }) => String(body.code)).toSorted()
        assert.deepEqual(codes, [
          ...Array<string>(asking).fill('approval.required'),
          ...Array<string>(12 - asking).fill('approval.too_many_pending'),
        ])
      }
      await until(async () => ((await mailsTo('fiona')).length > before ? true : undefined))
      // Of high risk, so told at once, in as many messages as there are turns of the notifier meanwhile: notify.test.ts counts them.
      for (let i = 0; i < 5; i++) await notifyOnce(w.rooms.notifications)
      const mails = (await mailsTo('fiona')).slice(0, -before || undefined)
      assert.ok(mails.length <= 17)
      assert.ok(mails.some(({ text }) => text.includes('bomb-0-')))
    })

    it('A11: a program that scans a link, and whoever was forwarded it, change nothing', async () => {
      const w = world()
      const task = await w.open()
      const call = () => w.agent.call(task, 'DELETE', '/echo/things/scanned')
      const { id, page } = assertRequestable(await call())
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE'])
        assert.doesNotMatch((await send(page, { method })).text, /scanned/, method)
      const posted = await send(page, {
        method: 'POST',
        headers: [['Content-Type', 'application/x-www-form-urlencoded']],
        body: `answer=approve&shown=${'x'.repeat(43)}`,
      })
      assert.ok([401, 403].includes(posted.status), posted.text)
      const forwarded = await (await w.browser('nils')).get(page)
      assert.equal(forwarded.status, 404)
      assert.doesNotMatch((await (await w.browser('sam')).get(page)).html, /value="approve"/)
      const { state } = (await w.agent.about(task, 'GET', `/requests/${id}`)).body
      assert.equal(state, 'pending')
    })

    it('CIBA: the agent asks, its person is told at once, the agent is pinged, or polls', async () => {
      const w = world()
      ears.forget()
      const set = { agentId: 'refund-bot', allowLoopback: true, by: (await w.person('ada')).id }
      await setNotifyAt(w.rooms.agents, { ...set, notifyAt: `${ears.origin}/ciba` })
      const config = await clientOf(w)
      const login_hint = (await w.person('sam')).id
      for (const client_notification_token of ['one-hundred-and-sixty-bits-of-it', undefined]) {
        const before = await readAll(w, 'sam')
        const asked = await openid.initiateBackchannelAuthentication(config, {
          ...{ scope: 'openid orders.read', login_hint, binding_message: 'Order 1042' },
          // With an age of the sign-in, the person is asked whatever they allowed before.
          max_age: '86400',
          ...(client_notification_token === undefined ? {} : { client_notification_token }),
        })
        const { asked: page } = await answerByMail(before, 'sam', /^Allow/)
        assert.match(page.text, /Order 1042/)
        if (client_notification_token !== undefined) await ears.arrived(1)
        const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
        const opened = await openid.genericGrantRequest(
          config,
          'urn:openid:params:grant-type:ciba',
          { auth_req_id: asked.auth_req_id },
          { DPoP },
        )
        assert.match(String(opened.task_id), /^tsk_/)
      }
      assert.equal(ears.reached.length, 1)
      await setNotifyAt(w.rooms.agents, { ...set, notifyAt: null })
    })

    it('step-up (RFC 9470): refused at the API, the person signs in as it said, by the link', async () => {
      const w = world()
      await addRules(
        w,
        `@id("strong-part") @step_up("mfa max_age=PT10M") permit (principal is Person, action == Action::"echo.part", resource);`,
      )
      const config = await clientOf(w)
      const login_hint = (await w.person('sam')).id
      const ask = (wanted: Record<string, string>) =>
        openid.initiateBackchannelAuthentication(config, {
          ...{ login_hint, binding_message: 'A part', resource: `${w.gateway}/echo` },
          ...{ scope: 'openid', authorization_details: JSON.stringify(w.everything), ...wanted },
        })
      const call = async (wanted: Record<string, string>) => {
        const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
        const before = await readAll(w, 'sam')
        const asked = { ...(await ask(wanted)), interval: 0 }
        const { asked: page } = await answerByMail(before, 'sam', /^Allow/)
        const tokens = await openid.pollBackchannelAuthenticationGrant(config, asked, undefined, {
          DPoP,
        })
        const url = new URL(`${w.gateway}/echo/things/a/parts/b`)
        const answer = await openid
          .fetchProtectedResource(config, tokens.access_token, url, 'GET', undefined, undefined, {
            DPoP,
          })
          .catch((error: unknown) => error)
        return { answer, page }
      }
      const { answer: refused } = await call({ max_age: '86400' })
      assert.ok(refused instanceof openid.WWWAuthenticateChallengeError, String(refused))
      const { parameters = {} } = refused.cause.find(({ scheme }) => scheme === 'dpop') ?? {}
      const { acr_values = '', error, max_age = '' } = parameters
      assert.deepEqual(
        [error, acr_values, max_age],
        ['insufficient_user_authentication', 'mfa', '600'],
      )
      const { answer } = await call({ acr_values, max_age })
      assert.ok(answer instanceof Response && answer.ok, String(answer))
      for (const wrong of [{ acr_values: 'a"b' }, { max_age: '-1' }, { max_age: 'soon' }])
        await assert.rejects(ask(wrong), { error: 'invalid_request' }, JSON.stringify(wrong))
    })

    it('AuthZEN: an enforcement point submits an item, is called back, and evaluates again', async () => {
      const w = world()
      ears.forget()
      const pep = await Pep.add(w, 'mesh', { namesTasks: true })
      const url = `${ears.origin}/ended`
      await setCallback(
        { ...w.rooms.centre, outbound: w.rooms.messages, origins: [ears.origin] },
        { id: 'mesh', url, by: (await w.person('ada')).id },
      )
      const task = await w.open()
      const before = await readAll(w, 'fiona')
      const subject = { type: 'user', id: (await w.person('sam')).id }
      const item = {
        action: { name: 'orders.refund' },
        resource: { type: 'resource', id: 'orders' },
        context: { task: task.id, args: { order_id: '1042', amount: 777 } },
      }
      const told = (await pep.evaluate({ subject, ...item })).body.context
      const { access_request: offer } = told as {
        access_request: { expires_at: string; binding_token: string }
      } // as: ARAP
      const { binding_token, expires_at } = offer
      const made = await pep.ask('/access/v1/requests', {
        subject,
        items: [{ ...item, denial: { binding_token, expires_at } }],
        callback: { endpoint: url, state: 'refund' },
      })
      assert.equal(made.status, 202, made.text)
      const { asked } = await answerByMail(before, 'fiona', /^Approve once/)
      assert.match(asked.text, /mesh/)
      await ears.arrived(1)
      const heard = JSON.parse(ears.reached[0]?.body ?? '')
      assert.deepEqual([heard.state, heard.task.status], ['refund', 'approved'])
      const done = await pep.ask(new URL(heard.task.status_endpoint).pathname, undefined, {
        method: 'GET',
        type: undefined,
      })
      const { items } = done.body.task as { items: { result: { approval: object } }[] } // as: ARAP
      const context = { ...item.context, approval: items[0]?.result.approval }
      const again = await pep.evaluate({ subject, ...item, context })
      assert.equal(again.body.decision, true, again.text)
    })

    it('a deferred token response: a rule has finance asked about the opening, and the client waits', async () => {
      const w = world()
      await addRules(
        w,
        `@id("openings-ask") @requestable("Is this task needed?") @approvers("group:finance") @lifetime("PT30M")
forbid (principal is Person, action == Action::"issue:access_token:token_exchange", resource);`,
      )
      const before = await readAll(w, 'fiona')
      const config = await clientOf(w)
      const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
      const asked = await openid
        .genericGrantRequest(
          config,
          'urn:ietf:params:oauth:grant-type:token-exchange',
          {
            subject_token: await w.idToken(),
            subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
            ...{ purpose: 'told', scope: 'orders.read', completion_mode: 'deferred' },
          },
          { DPoP },
        )
        .catch((error: unknown) => error)
      assert.ok(asked instanceof openid.ResponseBodyError, String(asked))
      const { asked: page } = await answerByMail(before, 'fiona', /^Approve once/)
      assert.match(page.text, /Is this task needed\?/)
      const opened = await openid.genericGrantRequest(
        config,
        'urn:ietf:params:oauth:grant-type:deferred',
        { deferral_code: String(asked.cause.deferral_code) },
        { DPoP },
      )
      assert.match(String(opened.task_id), /^tsk_/)
    })
  },
  { settings: () => ({ REMIT_SMTP_URL: mail.smtp, REMIT_WEBHOOK_ORIGINS: ears.origin }) },
)
