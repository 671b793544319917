import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { findRequest, listForTask } from '../../src/approvals/access-requests/index.ts'
import { setRisk } from '../../src/catalog/catalog-changes/index.ts'
import {
  addOwnChannel,
  confirmOwnChannel,
  notifyOnce,
  removeOwnChannel,
  sendCodeTo,
} from '../../src/identity/notifications/index.ts'
import { resumePerson, suspendPerson } from '../../src/identity/sessions/index.ts'
import { signedIn } from '../../src/programs/cli/testing.ts'
import { basesOfPerson, grantBasis, pendingConsents } from '../../src/tasks/consent/index.ts'
import { endBasis } from '../../src/tasks/tasks/index.ts'
import { JWT_BEARER, type OpenTask } from '../agent.ts'
import { erase, standing } from '../mcp/asking.ts'
import { rpcOf, wordsOf } from '../mcp/place.ts'
import { assertDenied, assertRefused, assertRequestable } from '../refusals.ts'
import { sdkTask } from '../sdk/shops.ts'
import { newKey } from '../signing.ts'
import {
  buttonsOf,
  deliver,
  FakeSlack,
  type OddPress,
  type SlackMessage,
  signed,
  textOf,
} from '../slack.ts'
import { until } from '../until.ts'
import { send } from '../wire.ts'
import { inOneWorld, type World } from '../world.ts'

const MEMBERS = { fiona: 'U0FIONA', sam: 'U0SAM1' } as const
const APPROVE = 'remit_approve'
const DENY = 'remit_deny'

let slack: FakeSlack
before(async () => {
  slack = await FakeSlack.start()
})
after(() => slack.close())

/** A person links their account: the code that arrives in Slack is typed. */
async function link(w: World, name: keyof typeof MEMBERS) {
  const { id: owner } = await w.person(name)
  const { notifications } = w.rooms
  const member = MEMBERS[name]
  const { id } = await addOwnChannel(notifications, {
    ...{ owner, kind: 'slack', typed: member, by: owner },
  })
  const act = { owner, id, by: owner }
  await sendCodeTo(notifications, act)
  const code = /\d{6}/.exec(slack.messages.at(-1)?.text ?? '')?.[0] ?? ''
  await confirmOwnChannel(notifications, { ...act, code })
  return act
}

/** The last message went out an hour ago. Tasks open with tokens of a provider that lives now, so the clock stays. */
async function pause({ rooms: { storage } }: World): Promise<void> {
  await storage.transaction((tx) =>
    tx
      .updateTable('deliveries')
      .set(({ eb }) => ({ ended_at: eb('ended_at', '-', 3_600_000) }))
      .execute(),
  )
}

/** A call of the echo API that finance has to approve, and the message about it. */
async function asked(w: World, name: string) {
  await pause(w)
  const task = await w.open()
  const call = () => create(w, task, name)
  const request = assertRequestable(await call())
  return { call, request, task, message: await messageAbout(w, request.id) }
}

function create(w: World, task: OpenTask, name: string) {
  return w.agent.call(task, 'POST', '/echo/things', {
    body: JSON.stringify({ name, owner: { id: 'asked' } }),
  })
}

function messageAbout(w: World, id: string): Promise<SlackMessage> {
  return sent(w, () =>
    slack.messages.find((message) =>
      buttonsOf(message).some(({ url }) => url?.endsWith(`/approvals/${id}`)),
    ),
  )
}

/** A message, once it is in the books that it was sent. */
function sent(w: World, find: () => SlackMessage | undefined): Promise<SlackMessage> {
  return until(async () => {
    await notifyOnce(w.rooms.notifications)
    const message = find()
    const row = await w.rooms.storage.read
      .selectFrom('deliveries')
      .select('id')
      .where('receipt', '=', `${message?.channel} ${message?.ts}`)
      .executeTakeFirst()
    return row && message
  })
}

function press(w: World, message: SlackMessage, action: string, odd: OddPress = {}) {
  return slack.press({ issuer: w.issuer, at: w.clock.now() }, message, action, odd)
}

/** Text that is told next to whoever pressed. */
async function toldAfter(act: () => Promise<unknown>): Promise<string> {
  const count = slack.told.length
  await act()
  return until(async () => slack.told[count]?.text)
}

async function stateOf(w: World, id: string) {
  return (await findRequest(w.rooms.decisions, id))?.state
}

inOneWorld(
  'buttons that answer in Slack',
  (world) => {
    const at = standing(world)
    let linked: Awaited<ReturnType<typeof link>>

    it('a message has all that the page says; a press is the answer, once, and the message becomes the outcome', async () => {
      const w = world()
      linked = await link(w, 'fiona')
      const { call, message, request } = await asked(w, 'chair')
      const text = textOf(message)
      for (const said of [
        'Call of medium risk',
        'Agent: refund-bot, internal, owned by Ada Admin',
        'On behalf of: Sam Support',
        'name: chair',
        'owner: {"id":"asked"}',
        'Why you are asked: Things of somebody need the word of finance',
        'lets exactly this call through',
        'No answer means no.',
      ])
        assert.ok(text.includes(said), `${said} in ${text}`)
      assert.equal(message.text, 'Call of medium risk: waits for approval')
      assert.deepEqual(
        buttonsOf(message).map(({ action_id: id }) => id),
        [APPROVE, DENY, 'remit_open'],
      )
      assert.equal((await press(w, message, 'remit_open')).status, 200)
      assert.equal(await stateOf(w, request.id), 'pending', 'a link answers nothing')
      const answered = await press(w, message, APPROVE)
      assert.deepEqual([answered.status, answered.text], [200, ''])
      assert.equal((await call()).status, 200)
      assertRefused(await call(), 'approval.executed')
      await until(async () => message.text === 'Approved' || undefined)
      assert.deepEqual(buttonsOf(message), [])
      const record = (await w.ledger()).findLast(({ type }) => type === 'approval.answered')
      const facts = record?.facts as { channel: string; answer: string } // as: facts of that record
      assert.deepEqual(
        [record?.by, record?.request_id, facts.channel, facts.answer],
        [(await w.person('fiona')).id, request.id, 'slack', 'approve'],
      )
    })

    it('a denial reaches the agent with the words of the person', async () => {
      const w = world()
      const { call, message } = await asked(w, 'table')
      await press(w, message, DENY, { reason: 'not this month' })
      const refused = await call()
      assertDenied(refused, 'approval.denied')
      assert.match(refused.text, /not this month/)
      await until(async () => message.text === 'Denied' || undefined)
    })

    it('of 64 presses with the page in between, one is the answer; the others are told whose', async () => {
      const w = world()
      const { call, message, request } = await asked(w, 'lamp')
      w.forgetBrowsers()
      const fiona = await w.browser('fiona')
      const page = await fiona.get(`${w.issuer}/approvals/${request.id}`)
      const before = slack.told.length
      const pressing = Array.from({ length: 64 }, (_, i) =>
        press(w, message, i % 2 === 0 ? APPROVE : DENY),
      )
      const done = await Promise.all([...pressing, fiona.submit(page, /^Approve once/)])
      for (const { status } of done.slice(0, 64)) assert.equal(status, 200)
      const state = await stateOf(w, request.id)
      const answers = (await w.ledger()).filter(
        ({ request_id: id, type }) => id === request.id && type === 'approval.answered',
      )
      assert.ok(state === 'approved' || state === 'denied')
      // A no still ends an approval that nobody used, on the page and nowhere else.
      assert.ok(answers.length >= 1 && answers.length <= 2, JSON.stringify(answers))
      assert.ok(answers.filter(({ facts }) => 'channel' in Object(facts)).length <= 1)
      await until(async () => slack.told.length - before >= 63 || undefined)
      assert.match(
        slack.told.at(-1)?.text ?? '',
        /^(?:Answered already by Fiona|This button is over)/,
      )
      assert.equal((await call()).status, state === 'approved' ? 200 : 403)
    })

    it('what Slack did not sign, a moment ago and for once, does nothing and is counted', async () => {
      const w = world()
      const { message, request } = await asked(w, 'vase')
      const now = w.clock.now()
      const body = String(
        new URLSearchParams({ payload: JSON.stringify(slack.payload(message, APPROVE)) }),
      )
      const post = (headers: [string, string][], sent = body) =>
        send(`${w.issuer}/chat/slack`, { method: 'POST', headers, body: sent })
      const right = signed(now, body)
      const without = (name: string) => right.filter(([each]) => each !== name)
      for (const headers of [
        signed(now, body, 'another-signing-secret'),
        signed(now - 301_000, body),
        signed(now + 301_000, body),
        signed(now, `${body}&x=1`),
        without('X-Slack-Signature'),
        without('X-Slack-Request-Timestamp'),
        [...right, ['X-Slack-Signature', `v0=${'0'.repeat(64)}`] as [string, string]],
        [...without('X-Slack-Signature'), ['X-Slack-Signature', 'v0='] as [string, string]],
        [...without('X-Slack-Request-Timestamp'), ['X-Slack-Request-Timestamp', '1e9']],
      ] as [string, string][][])
        assertRefused(await post(headers), 'chat.bad_signature')
      const huge = await post(signed(now, body), 'x'.repeat(300_000))
      assertRefused(huge, 'input.too_large')
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
        const looked = await send(`${w.issuer}/chat/slack?${body}`, { method, headers: right })
        assert.equal(looked.status, 405, method)
      }
      for (const odd of [
        'payload=%7B',
        'x=1',
        'payload={}&payload={}',
        `payload=${'['.repeat(99)}`,
      ])
        assert.equal((await post(signed(now, odd), odd)).status, 400, odd)
      for (const nothing of ['payload={}', 'payload=[]', 'payload=null', 'payload="x"'])
        assert.equal((await post(signed(now, nothing), nothing)).status, 200, nothing)
      assert.equal(await stateOf(w, request.id), 'pending')
      assert.equal((await post(right)).status, 200)
      assert.equal(await stateOf(w, request.id), 'approved')
      assertRefused(await post(right), 'chat.bad_signature')
    })

    it('a press over Socket Mode is the answer, acknowledged once it is stored; one that two connections bring counts once', async () => {
      const w = world()
      const connected = () => until(async () => [...slack.sockets][0])
      const acknowledged = (id: string) =>
        until(async () => slack.acknowledged.includes(id) || undefined)
      const first = await connected()
      const { message, request } = await asked(w, 'bed')
      const payload = slack.payload(message, APPROVE)
      const before = slack.told.length
      slack.pressOver([first], payload, { id: 'e1' })
      await acknowledged('e1')
      assert.equal(await stateOf(w, request.id), 'approved')
      slack.pressOver([first], payload, { id: 'e1-again', retry: 1 })
      await acknowledged('e1-again')
      assert.equal(slack.told.length, before, 'nothing is said to a repetition')
      const foreign = slack.payload(message, APPROVE, { member: 'U0SOMEBODY' })
      assert.match(
        await toldAfter(async () => slack.pressOver([first], foreign, { id: 'e2' })),
        /^This button is over/,
      )
      for (const odd of ['{', '[]', '{"type":"interactive"}', '{"type":"events_api"}', 'null', 'x'])
        first.send(odd)
      first.send(Buffer.from('bytes'))

      // Slack asks to connect anew from time to time, and connections break.
      first.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }))
      const second = await until(async () => [...slack.sockets].find((each) => each !== first))
      second.terminate()
      const third = await until(async () =>
        [...slack.sockets].find((each) => each !== first && each !== second),
      )
      const again = await asked(w, 'bench')
      const press64 = slack.payload(again.message, DENY)
      await Promise.all([
        press(w, again.message, APPROVE),
        ...Array.from({ length: 16 }, async (_, i) => {
          slack.pressOver([third], press64, { id: `race-${i}` })
          await acknowledged(`race-${i}`)
        }),
      ])
      const answers = (await w.ledger()).filter(
        ({ request_id: id, type }) => id === again.request.id && type === 'approval.answered',
      )
      assert.equal(answers.length, 1)
    })

    it('a delivery that Slack repeats is acknowledged, and says nothing', async () => {
      const w = world()
      const { message, request } = await asked(w, 'rug')
      const to = { issuer: w.issuer, at: w.clock.now() }
      const payload = slack.payload(message, DENY)
      const before = slack.told.length
      for (const retry of ['0', '1', '2', '3'])
        assert.equal(
          (await deliver(to, payload, retry === '0' ? [] : [['X-Slack-Retry-Num', retry]])).status,
          200,
        )
      assert.equal(await stateOf(w, request.id), 'denied')
      assert.equal(slack.told.length, before)
    })

    it('a press of anybody else, of another place or with another value answers nothing', async () => {
      const w = world()
      const other = await asked(w, 'one')
      const { message, request } = await asked(w, 'two')
      const [value = '', deny = ''] = buttonsOf(message).map((button) => button.value)
      const [otherValue] = buttonsOf(other.message).map((button) => button.value)
      const twisted = value.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
      const odds: readonly OddPress[] = [
        { member: 'U0SOMEBODY' },
        { member: MEMBERS.sam },
        { team: 'T0OTHER' },
        { memberTeam: 'T0OTHER' },
        { channel: 'D0OTHER' },
        { ts: other.message.ts },
        { ts: '1.1' },
        { value: deny },
        { value: otherValue },
        { value: twisted },
        { value: value.replace('v1', 'v2') },
        { value: '' },
        { value: 'x'.repeat(100_000) },
      ]
      for (const odd of odds) {
        const told = await toldAfter(() => press(w, message, APPROVE, odd))
        assert.match(told, /^(?:This button is over|Something changed)/, JSON.stringify(odd))
        assert.equal(await stateOf(w, request.id), 'pending', JSON.stringify(odd))
      }
      assert.equal(await stateOf(w, other.request.id), 'pending')
      const before = slack.told.length
      for (const change of [
        (payload: Record<string, unknown>) => Object.assign(payload, { type: 'view_submission' }),
        (payload: Record<string, unknown>) => Object.assign(payload, { actions: [] }),
        (payload: Record<string, unknown>) =>
          Object.assign(payload, { actions: [payload.actions, payload.actions].flat() }),
        (payload: Record<string, unknown>) => Object.assign(payload, { container: null }),
      ])
        assert.equal((await press(w, message, APPROVE, { change })).status, 200)
      assert.equal(await stateOf(w, request.id), 'pending')
      assert.equal(slack.told.length, before)
      const bad = await toldAfter(() => press(w, message, DENY, { reason: 'x'.repeat(501) }))
      assert.match(bad, /^Not answered: a reason is at most 500/)
    })

    it('a call whose risk was raised since, or of high risk, is answered on its page', async () => {
      const w = world()
      const { message, request } = await asked(w, 'mirror')
      const { id: by } = await w.person('ada')
      const set = { action: 'echo.create', by } as const
      await setRisk(w.rooms.connections, { ...set, risk: 'high' })
      const told = await toldAfter(() => press(w, message, APPROVE))
      assert.match(told, /has to be answered on its page/)
      assert.equal(await stateOf(w, request.id), 'pending')
      await pause(w)
      const count = slack.messages.length
      const task = await w.open()
      assertRequestable(await w.agent.call(task, 'DELETE', '/echo/things/mirror'))
      const high = await sent(w, () => slack.messages[count])
      assert.deepEqual(buttonsOf(high), [])
      assert.match(textOf(high), /^Call of high risk/)
      await setRisk(w.rooms.connections, { ...set, risk: 'medium' })
    })

    it('what would not be shown as it is has no buttons: hidden characters, links, much, or bytes', async () => {
      const w = world()
      for (const name of [
        'cha\u200bir',
        'сhair',
        'see https://evil.example/x',
        'x'.repeat(400),
        'a\\b',
      ]) {
        await pause(w)
        const count = slack.messages.length
        assertRequestable(await create(w, await w.open(), name))
        const message = await sent(w, () => slack.messages[count])
        assert.deepEqual(buttonsOf(message), [], name)
        assert.doesNotMatch(textOf(message), /https:\/\/evil/)
      }
    })

    it('several that wait come in one message, with the buttons of each', async () => {
      const w = world()
      const { message } = await asked(w, 'first')
      const task = await w.open()
      for (const name of ['second', 'third']) assertRequestable(await create(w, task, name))
      const count = slack.messages.length
      await pause(w)
      const both = await sent(w, () => slack.messages[count])
      assert.match(both.text, /2 things wait/)
      const named = (id: string) => buttonsOf(both).filter(({ action_id }) => action_id === id)
      assert.deepEqual(
        ['remit_approve', 'remit_deny', 'remit_open'].map((id) => named(id).length),
        [2, 2, 2],
      )
      const values = named('remit_approve').map(({ value }) => value)
      assert.equal(new Set(values).size, 2, 'each button is of its own question')
      assert.ok(buttonsOf(message).length > 0)
    })

    it('an MCP call on hold goes on when somebody pressed the button', async () => {
      const w = world()
      await pause(w)
      const task = await at.place.open()
      const client = await at.place.connect(task)
      const holding = client.callTool({ name: 'erase', arguments: { what: 'a' } })
      const id = await until(async () => (await listForTask(w.rooms.decisions, task.id))[0]?.id)
      await press(w, await messageAbout(w, id), APPROVE)
      assert.equal(wordsOf(await holding), 'done')
      await pause(w)
      const session = await at.place.session(await at.place.open())
      const count = slack.messages.length
      const denied = erase(session, 'b')
      const message = await sent(w, () => slack.messages[count])
      await press(w, message, DENY, { reason: 'keep it' })
      assert.match(wordsOf(rpcOf(await denied).result), /keep it/)
    })

    it('an agent with our SDK waits for the button, and its call goes through', async () => {
      const w = world()
      await pause(w)
      await using task = await sdkTask(w, { details: w.everything as never, onApproval: 'wait' })
      const calling = task.fetch(`${w.gateway}/echo/things`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'sdk', owner: { id: 'asked' } }),
      })
      const id = await until(async () => (await listForTask(w.rooms.decisions, task.id))[0]?.id)
      await press(w, await messageAbout(w, id), APPROVE)
      assert.equal((await calling).status, 200)
    })

    it('a question by CIBA leads to its page; the agent polls, and a call of its task goes through by a button', async (t) => {
      const w = world()
      await link(w, 'sam')
      await pause(w)
      const { id: hint } = await w.person('sam')
      // What sam allowed before would answer it; he allows it again for the tests below.
      const bases = await basesOfPerson(w.rooms.storage.read, hint, w.clock.now())
      for (const { id } of bases) await endBasis(w.rooms.decisions, { basisId: id, by: hint })
      t.after(async () => {
        for (const { agentId, details, kind, personId } of bases)
          await grantBasis(w.rooms.decisions, {
            ...{ agentId, details, kind, personId, grantedBy: personId },
          })
      })
      const own = async () => ({
        client_assertion_type: JWT_BEARER,
        client_assertion: await w.agent.assertion(),
      })
      const asking = await send(`${w.issuer}/oauth/bc-authorize`, {
        ...{ method: 'POST', headers: [['Content-Type', 'application/x-www-form-urlencoded']] },
        body: String(
          new URLSearchParams({
            ...(await own()),
            ...{ scope: 'openid echo.create', login_hint: hint, binding_message: 'a lamp' },
            purpose: 'order a lamp',
          }),
        ),
      })
      const { auth_req_id: code } = asking.body
      const [basis] = await pendingConsents(w.rooms.storage.read, hint, w.clock.now())
      assert.equal(asking.status, 200, asking.text)
      const message = await sent(w, () =>
        slack.messages.findLast(
          ({ channel, text }) => channel.endsWith(MEMBERS.sam) && !text.includes('code'),
        ),
      )
      assert.deepEqual(buttonsOf(message), [], 'the page has choices')
      const sam = await w.browser('sam')
      await sam.allow(await sam.get(`${w.issuer}/consent/${basis?.id}`))
      const key = await newKey()
      const grant_type = 'urn:openid:params:grant-type:ciba'
      const poll = { grant_type, auth_req_id: String(code), ...(await own()) }
      const { body, text } = await w.agent.tokenRequest(key, poll)
      assert.ok(body.task_id, text)
      const task = { id: String(body.task_id), token: String(body.access_token), key }
      await pause(w)
      const request = assertRequestable(await create(w, task, 'lamp by CIBA'))
      await press(w, await messageAbout(w, request.id), APPROVE)
      assert.equal((await create(w, task, 'lamp by CIBA')).status, 200)
    })

    it('an account that is linked no more answers nothing, nor one whose person is suspended or long gone', async () => {
      const w = world()
      const { message, request } = await asked(w, 'clock')
      const { rooms } = w
      const { id: personId } = await w.person('fiona')
      const pressed = () => toldAfter(() => press(w, message, APPROVE))
      const confirmed = (at: number) =>
        rooms.storage.transaction((tx) =>
          tx.updateTable('persons').set({ last_seen_at: at }).where('id', '=', personId).execute(),
        )
      await confirmed(w.clock.now() - 31 * 24 * 3_600_000)
      assert.match(await pressed(), /^You have not signed in for long/)
      await confirmed(w.clock.now())
      const change = { personId, by: 'operator', reason: 'x' }
      await suspendPerson(rooms.people, change)
      assert.match(await pressed(), /^Not answered: only active people can answer/)
      await resumePerson(rooms.people, change)
      await removeOwnChannel(rooms.notifications, linked)
      assert.match(await pressed(), /^This button is over/)
      assert.equal(await stateOf(w, request.id), 'pending')
    })

    it('a channel is added, confirmed, used and removed by the command line, and by nobody else', async (t) => {
      const w = world()
      const cli = await signedIn(t, w)
      const before = slack.messages.length
      const added = await cli.remit('channels', 'add', 'slack', 'U0ADA', '--json')
      assert.equal(added.exit, 0, added.said)
      assert.match(added.said, /\/confirm\//, 'said yes to on a page')
      const { id, ...rest } = added.json
      assert.match(String(id), /^slack:chn_/)
      assert.deepEqual(rest, {
        ...{ title: 'Slack', address: 'U0ADA', use: 'unconfirmed', own: true, code_sent: true },
      })
      const [message, ...others] = slack.messages.slice(before)
      assert.deepEqual([message?.channel, others.length], ['DU0ADA', 0])
      const code = /\d{6}/.exec(message?.text ?? '')?.[0] ?? ''
      const path = `/channels/${encodeURIComponent(String(id))}`
      const sam = await w.api('sam')
      for (const answer of [
        await sam.send('POST', `${path}/confirm`, { code }),
        await sam.send('POST', `${path}/code`),
        await sam.send('PUT', `${path}/use`, { use: 'off' }),
        await sam.send('DELETE', path),
      ])
        assertRefused(answer, 'notification.unknown_channel')
      const seen = await sam.send('GET', '/channels')
      assert.doesNotMatch(seen.text, /U0ADA/)
      const ada = await w.api('ada')
      const early = await ada.send('PUT', `${path}/use`, { use: 'always' })
      assertRefused(early, 'notification.unknown_channel', 'not confirmed')
      const wrong = code.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
      const bad = await cli.remit('channels', 'confirm', String(id), wrong)
      assert.equal(bad.exit, 1)
      assert.match(bad.said, /notification\.wrong_code/)
      const confirmed = await cli.remit('channels', 'confirm', String(id), code)
      assert.match(confirmed.said, /messages go to U0ADA from now on/)
      const again = await ada.send('POST', `${path}/confirm`, { code })
      assertRefused(again, 'notification.wrong_code', 'once')
      await cli.remit('channels', 'use', String(id), 'fallback')
      const listed = await cli.remit('channels', 'list')
      assert.match(listed.out, /slack:chn_\S+ +Slack +U0ADA +only when others fail/)
      assert.match(listed.out, /remit channels add slack U\w+/)
      assert.equal((await cli.remit('channels', 'remove', String(id))).exit, 0)
      assert.doesNotMatch((await cli.remit('channels', 'list')).out, /U0ADA/)
    })

    it('an address or a kind that cannot be is refused, and nothing is sent', async () => {
      const w = world()
      const sam = await w.api('sam')
      const before = slack.messages.length
      for (const [kind, address, code] of [
        ['slack', 'no member', 'notification.bad_address'],
        ['slack', '<!channel>', 'notification.bad_address'],
        ['webhook', 'https://hooks.example/x', 'notification.unknown_channel'],
        ['email', 'x@example.com', 'notification.unknown_channel'],
        ['push', '{}', 'notification.unknown_channel'],
      ] as const)
        assertRefused(
          await sam.send('POST', '/channels', { kind, address }),
          code,
          `${kind} ${address}`,
        )
      for (const body of [
        { kind: 'slack' },
        { kind: 'slack', address: 'x'.repeat(2049) },
        { kind: 'slack', address: 'U0X', owner: 'group:finance' },
        { kind: 'SLACK', address: 'U0X' },
      ])
        assertRefused(await sam.send('POST', '/channels', body), 'request.malformed')
      assert.equal(slack.messages.length, before)
    })
  },
  { settings: () => slack.environment },
)
