import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import type { Browser, Page } from '../../examples/refund-desk/browser.ts'
import { signIn } from '../../examples/refund-desk/people.ts'
import { findAuthorization } from '../../src/grants/code-grant/index.ts'
import { findAgent, setCeiling, setTrust } from '../../src/identity/agents/index.ts'
import { addAdmissionRule, removeAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { basesOfPerson } from '../../src/tasks/consent/index.ts'
import { listTasks } from '../../src/tasks/tasks/index.ts'
import { deskActions, openDesk, ping, Stranger } from '../mcp/stranger.ts'
import { send } from '../wire.ts'
import { inEachWorld, type PersonName } from '../world.ts'

const MINUTE = 60_000

const csrfOf = ({ html }: Page) => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''

inEachWorld(
  'what a person says to a client that nobody knows',
  (world) => {
    const desk = () => `${world().gateway}/desk`
    const idOf = ({ url }: Page) => new URL(url).pathname.split('/').at(-1) ?? ''
    const stateOf = async (page: Page) =>
      (await findAuthorization(world().rooms.storage.read, idOf(page)))?.state

    async function rule(name: string, redirectHost = 'localhost') {
      const { id } = await world().person('ada')
      await addAdmissionRule(world().rooms.agents, {
        ...{ name, redirectHosts: [redirectHost], trust: 2, ownerId: id, by: id },
        ceiling: deskActions(world()),
      })
    }
    const unrule = (name: string) =>
      removeAdmissionRule(world().rooms.agents, { name, by: 'operator' })

    before(async () => {
      await openDesk(world())
      await rule('this-computer')
    })

    /** A client that waits for its person, and the page. */
    async function waiting(person: PersonName = 'sam'): Promise<[Stranger, Page, Browser]> {
      const stranger = await Stranger.arrive(world())
      await stranger.knock(desk())
      return [stranger, await stranger.ask(person), await world().browser(person)]
    }

    /** The form of a page, sent by hand with the cookies of a browser. */
    function post(
      { url }: Page,
      browser: Browser,
      fields: Readonly<Record<string, string>>,
      headers: readonly (readonly [string, string])[],
    ) {
      const cookie = ['remit_session', 'remit_browser']
        .map((name) => `${name}=${browser.cookie(world().issuer, name)}`)
        .join('; ')
      const form = { 'detail-0': 'yes', life: 'hour', answer: 'grant', ...fields }
      return send(url, {
        method: 'POST',
        headers: [
          ['Cookie', cookie],
          ['Content-Type', 'application/x-www-form-urlencoded'],
          ...headers,
        ],
        body: new URLSearchParams(form).toString(),
      })
    }

    async function holdsNothing({ id }: Stranger, page: Page, state = 'pending') {
      const { read } = world().rooms.storage
      assert.equal(await stateOf(page), state)
      assert.deepEqual(await listTasks(read, { agentId: id, limit: 5 }), [])
      for (const name of ['sam', 'fiona'] as const) {
        const { id: personId } = await world().person(name)
        const bases = await basesOfPerson(read, personId, world().clock.now())
        assert.ok(!bases.some(({ agentId }) => agentId === id))
      }
    }

    it('a form of another site, or of no page at all, says nothing', async () => {
      const w = world()
      const [stranger, page, browser] = await waiting()
      const csrf = csrfOf(page)
      const own = [['Sec-Fetch-Site', 'same-origin']] as [string, string][]
      for (const [fields, headers] of [
        [{ csrf }, [['Origin', 'https://evil.example']]],
        [{ csrf }, [['Origin', w.gateway]]],
        [{ csrf }, [['Origin', 'null']]],
        [{ csrf }, [['Sec-Fetch-Site', 'cross-site']]],
        [{ csrf }, [['Sec-Fetch-Site', 'same-site']]],
        [{ csrf }, []],
        [{}, own],
        [{ csrf: 'x'.repeat(43) }, own],
      ] as [Record<string, string>, [string, string][]][]) {
        const refused = await post(page, browser, fields, headers)
        assert.equal(refused.status, 403, JSON.stringify([fields, headers]) + refused.text)
      }
      await browser.get(`${page.url}?answer=grant&detail-0=yes&life=hour&csrf=${csrf}`)
      await holdsNothing(stranger, page)
      // The same, as the page itself sends it.
      assert.equal((await post(page, browser, { csrf }, own)).status, 200)
      assert.equal(await stateOf(page), 'granted')
    })

    it('what was shown to one person is not answered by the next at the same browser', async () => {
      const w = world()
      const browser = await signIn(w.issuer, 'sam')
      const stranger = await Stranger.arrive(w)
      await stranger.knock(desk())
      const shown = await browser.get(String(stranger.sent))
      assert.match(shown.text, /Sam Support/)
      await browser.submit(await browser.get(w.issuer), /Sign out/)
      const signedOut = await browser.submit(shown, /^grant$/)
      assert.equal(signedOut.status, 401)
      await browser.submit(await browser.get(`${w.issuer}/`), /^fiona\b/i)
      const stale = await browser.submit(shown, /^grant$/)
      assert.equal(stale.status, 403)
      assert.match(stale.text, /another session/)
      await holdsNothing(stranger, shown)
      // Asked anew she answers, for herself.
      const asked = await browser.get(shown.url)
      assert.match(asked.text, /Fiona Finance/)
      await browser.submit(asked, /^grant$/)
      const back = stranger.arrived.at(-1)
      assert.ok(back)
      assert.equal((await stranger.redeem(back, desk())).status, 200)
      const [task] = await listTasks(w.rooms.storage.read, { agentId: stranger.id, limit: 1 })
      assert.equal(task?.personId, (await w.person('fiona')).id)
    })

    it('a request is answered in the browser that began it, by nobody else, and only there it goes on', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.knock(desk())
      // The attacker begins in a browser of their own and has somebody else open the page.
      const begun = await w.browser('nils')
      const page = await begun.get(String(stranger.sent))
      assert.equal(page.status, 200)
      const victim = await w.browser('sam')
      const opened = await victim.get(page.url)
      assert.equal(opened.status, 404)
      assert.match(opened.text, /this browser has no such request/i)
      // Nor does an answer in the one browser help the other.
      const resumed = await victim.get(`${w.issuer}/oauth/authorize/${idOf(page)}`)
      assert.equal(resumed.status, 404)
      assert.equal(stranger.arrived.length, 0)
      // Without an answer it does not go on in its own browser either.
      const early = await begun.get(`${w.issuer}/oauth/authorize/${idOf(page)}`)
      assert.equal(new URL(early.url).pathname, `/authorize/${idOf(page)}`)
      assert.equal(stranger.arrived.length, 0)
      // The answer of its own person is not for others to carry on with.
      const fields = { csrf: csrfOf(page), answer: 'deny' }
      const said = await post(page, begun, fields, [['Sec-Fetch-Site', 'same-origin']])
      assert.equal(said.status, 200)
      assert.equal((await victim.get(`${w.issuer}/oauth/authorize/${idOf(page)}`)).status, 404)
    })

    it('an answer is taken once, and told once', async () => {
      const w = world()
      const [stranger, page, browser] = await waiting()
      await stranger.answered(page, { button: /^deny$/ })
      assert.equal((await browser.submit(page, /^grant$/)).status, 409)
      assert.equal(await findAgent(w.rooms.storage.read, stranger.id), undefined)
      const again = await browser.get(`${w.issuer}/oauth/authorize/${idOf(page)}`)
      assert.match(again.text, /You said no.*It was told before, once/)
      assert.equal(stranger.arrived.length, 1)
    })

    it('nobody answers after ten minutes, and nothing was said', async () => {
      const [stranger, page, browser] = await waiting()
      world().clock.advance(10 * MINUTE)
      assert.equal((await browser.submit(page, /^grant$/)).status, 409)
      await holdsNothing(stranger, page)
    })

    it('what a form adds to what was offered, or makes up, is not granted', async () => {
      const w = world()
      const [stranger, page, browser] = await waiting()
      for (const made of [
        { life: 'year' },
        { life: undefined },
        { answer: 'approve' },
        { answer: undefined },
        Object.fromEntries([0, 1, 2, 3].map((i) => [`detail-${i}`, undefined])),
        { 'detail-0': 'on', 'detail-1': 'on', 'detail-2': 'on', 'detail-3': 'on' },
      ]) {
        const refused = await browser.submit(page, /^grant$/, made)
        assert.equal(refused.status, 400, JSON.stringify(made))
      }
      await holdsNothing(stranger, page)
      const fields: Record<string, string> = {
        expiresAt: '9999999999999',
        actions: 'desk.delete-note',
      }
      for (let i = 0; i < 20; i++) {
        fields[`detail-${i}`] = 'yes'
        fields[`bound-${i}-0`] = '*'
      }
      const back = await stranger.answered(page, { fields })
      const { body } = await stranger.redeem(back, desk())
      assert.equal(String(body.scope).split(' ').length, 4)
      assert.ok(!String(body.scope).includes('desk.delete-note'))
      const [task] = await listTasks(w.rooms.storage.read, { agentId: stranger.id, limit: 1 })
      assert.ok(task && task.deadline - task.openedAt <= 8 * 60 * MINUTE)
    })

    it('a rule that goes while the page is open lets nobody in', async () => {
      const w = world()
      const [stranger, page, browser] = await waiting()
      await unrule('this-computer')
      try {
        const refused = await browser.submit(page, /^grant$/)
        assert.equal(refused.status, 400)
        assert.match(refused.text, /This program is not let in yet/)
        await holdsNothing(stranger, page)
        assert.equal(await findAgent(w.rooms.storage.read, stranger.id), undefined)
      } finally {
        await rule('this-computer')
      }
    })

    it('a rule that goes after the answer changes nothing; a ceiling that is lowered counts at once', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      const back = await stranger.codeFor(desk())
      await unrule('this-computer')
      await rule('this-computer')
      const { id: by } = await w.person('ada')
      const one = {
        type: 'remit_call',
        locations: [desk()],
        actions: ['desk.read-note'],
        bounds: [],
      }
      await setCeiling(w.rooms.agents, { agentId: stranger.id, ceiling: [one], by })
      const { body } = await stranger.redeem(back, desk())
      assert.equal(body.scope, 'desk.read-note')
    })

    it('whom no rule knows may only be brought, waits, and is given nothing until somebody lets it in', async () => {
      const w = world()
      const { read } = w.rooms.storage
      await unrule('this-computer')
      try {
        const [stranger, page, browser] = await waiting()
        assert.match(page.text, /This program is not let in yet/)
        assert.ok(!page.html.includes('name="detail-0"'))
        // What the page does not offer, a form cannot take.
        const forced = await browser.submit(page, /^introduce$/, {
          ...{ answer: 'grant', 'detail-0': 'yes', life: 'hour' },
        })
        assert.equal(forced.status, 400)
        await holdsNothing(stranger, page)
        const brought = await browser.submit(page, /^introduce$/)
        assert.match(brought.text, /It waits for an administrator/)
        await browser.submit(page, /^introduce$/)
        const agent = await findAgent(read, stranger.id)
        assert.deepEqual([agent?.trust, agent?.ceiling, agent?.admission], [0, [], ''])
        assert.equal(agent?.ownerId, (await w.person('sam')).id)
        await holdsNothing(stranger, page)
        // A rule is for those who come, not for those who wait.
        await rule('this-computer')
        assert.match((await stranger.ask()).text, /It waits for an administrator/)
        const { id: by } = await w.person('ada')
        await setCeiling(w.rooms.agents, { agentId: stranger.id, ceiling: deskActions(w), by })
        assert.match((await stranger.ask()).text, /It waits for an administrator/)
        await setTrust(w.rooms.agents, { agentId: stranger.id, trust: 1, by })
        await stranger.enter(desk())
        // And back again: what it holds is dead.
        const token = stranger.saved?.access_token ?? ''
        assert.equal((await ping(desk(), token)).status, 200)
        await setTrust(w.rooms.agents, { agentId: stranger.id, trust: 0, by })
        assert.equal((await ping(desk(), token)).status, 401)
        assert.equal((await stranger.refresh()).body.error, 'invalid_grant')
      } finally {
        await unrule('this-computer').catch(() => {})
        await rule('this-computer')
      }
    })

    it('two requests of one browser are two answers, two codes and two tasks', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.knock(desk())
      const [one, two] = [await stranger.ask(), await stranger.ask()]
      const less = { 'detail-1': undefined, 'detail-2': undefined, 'detail-3': undefined }
      const second = await stranger.answered(two, { fields: less })
      const first = await stranger.answered(one)
      const a = await stranger.redeem(first, desk())
      const b = await stranger.redeem(second, desk())
      assert.deepEqual([a.status, b.status], [200, 200])
      assert.notEqual(a.body.task_id, b.body.task_id)
      assert.equal(String(a.body.scope).split(' ').length, 4)
      assert.equal(String(b.body.scope).split(' ').length, 1)
      // One of them ends alone.
      await stranger.redeem(second, desk())
      assert.equal((await ping(desk(), String(b.body.access_token))).status, 401)
      assert.equal((await ping(desk(), String(a.body.access_token))).status, 200)
    })

    it('a server that stops at any point goes on where it was', async () => {
      const w = world()
      const stranger = await Stranger.arrive(w)
      await stranger.knock(desk())
      const page = await stranger.ask()
      await w.restart()
      const back = await stranger.answered(page)
      await w.restart()
      const { body, status } = await stranger.redeem(back, desk())
      assert.equal(status, 200)
      await w.restart()
      assert.equal((await ping(desk(), String(body.access_token))).status, 200)
      const next = await stranger.refresh({ refresh_token: String(body.refresh_token) })
      assert.equal(next.status, 200)
      await w.restart()
      // It still knows what was used up.
      assert.equal((await stranger.redeem(back, desk())).body.code, 'code.used')
      assert.equal((await ping(desk(), String(next.body.access_token))).status, 401)
    })
  },
  { desk: true },
)
