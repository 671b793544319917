import assert from 'node:assert/strict'
import { before, beforeEach, it } from 'node:test'
import { insertAuthorizationStep } from '../../src/grants/code-grant/authorization-store.ts'
import { lastAllowed, returnOf } from '../../src/grants/code-grant/index.ts'
import { findAgent, setCeiling } from '../../src/identity/agents/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { findPerson } from '../../src/identity/people/index.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { basesOfPerson } from '../../src/tasks/consent/index.ts'
import {
  closeTask,
  endBasis,
  listTasks,
  resumeTask,
  suspendTask,
  type Task,
} from '../../src/tasks/tasks/index.ts'
import { newKey, proof } from '../signing.ts'
import { type Answer, send } from '../wire.ts'
import { inEachWorld } from '../world.ts'
import { wordsOf } from './place.ts'
import { deskActions, openDesk, type PersonAnswer, ping, Stranger, VERIFIER } from './stranger.ts'

const MINUTE = 60_000
/** The person lets it start anew without asking. */
const again = { again: 'yes' }
const actionsIn = (details: Task['details']) => details.flatMap(({ actions }) => actions)
const actionsOf = ({ details }: Task) => actionsIn(details).toSorted()

inEachWorld(
  'a client that comes back to its person',
  (world) => {
    const desk = () => `${world().gateway}/desk`
    let stranger: Stranger
    let count = 0

    before(async () => {
      await openDesk(world())
      const { id } = await world().person('ada')
      await addAdmissionRule(world().rooms.agents, {
        ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2 },
        ...{ ceiling: deskActions(world()), ownerId: id, by: id },
      })
    })
    beforeEach(async () => {
      stranger = await Stranger.arrive(world(), `Notes ${++count}`)
    })

    const tasks = () => listTasks(world().rooms.storage.read, { agentId: stranger.id, limit: 9 })
    const newest = async () => {
      const [task] = await tasks()
      assert.ok(task)
      return task
    }

    /** The program lost its tokens. Whether its person is asked when it comes again; what arrived if not. */
    async function comesAgain(
      over: Readonly<Record<string, string>> = {},
      { person = 'sam' }: PersonAnswer = {},
    ): Promise<URL | 'asked'> {
      const before = stranger.arrived.length
      const page = await stranger.ask(person, stranger.asking(desk(), over))
      const [back, ...more] = stranger.arrived.slice(before)
      assert.equal(more.length, 0)
      assert.equal(back === undefined, /act for you\?/.test(page.text), page.text)
      return back ?? 'asked'
    }

    it('is not asked about again while the consent lasts, and has what the person left', async () => {
      const w = world()
      const gone = await stranger.enter(desk(), { fields: { 'detail-0': undefined, ...again } })
      // The stream of its session would knock by itself, when its token is over.
      await gone.close()
      const first = await newest()
      const { read } = w.rooms.storage
      w.clock.advance(20 * MINUTE)
      stranger.invalidateCredentials('tokens')
      const client = await (async () => {
        await stranger.knock(desk())
        await stranger.ask()
        const back = stranger.arrived.at(-1)
        assert.equal(back?.searchParams.get('iss'), w.issuer)
        await stranger.transport(desk()).finishAuth(back?.searchParams.get('code') ?? '')
        return stranger.connect(desk())
      })()
      assert.equal((await client.listTools()).tools.length, 3)
      const found = await client.callTool({ name: 'search_notes', arguments: { query: 'late' } })
      assert.equal(wordsOf(found) === '', false)
      const second = await newest()
      assert.notEqual(second.id, first.id)
      assert.deepEqual(actionsOf(second), actionsOf(first))
      assert.deepEqual([second.bases, second.deadline], [first.bases, first.deadline])
      const { id } = await w.person('sam')
      const bases = await basesOfPerson(read, id, w.clock.now())
      assert.equal(bases.filter(({ agentId }) => agentId === stranger.id).length, 1)
      w.clock.advance(first.deadline - w.clock.now())
      assert.equal(await comesAgain(), 'asked')
    })

    it('may ask for less, and is asked about for more, for another person, or where it wants to be', async () => {
      await stranger.enter(desk(), { fields: { 'detail-0': undefined, ...again } })
      const left = actionsOf(await newest())
      const [one = ''] = left
      const out = ['search-notes', 'read-note', 'add-note', 'send-message']
        .map((name) => `desk.${name}`)
        .find((name) => !left.includes(name))
      assert.notEqual(await comesAgain({ scope: one }), 'asked')
      await stranger.redeem(stranger.arrived.at(-1) ?? new URL(desk()), desk())
      assert.equal(await comesAgain({ scope: `${one} ${out}` }), 'asked')
      assert.notEqual(await comesAgain({ scope: one }), 'asked')
      assert.equal(await comesAgain({ scope: one, prompt: 'consent' }), 'asked')
      assert.equal(await comesAgain({}, { person: 'fiona' }), 'asked')
    })

    it('is asked about each time, where the person wants that', async () => {
      await stranger.enter(desk())
      assert.equal(await comesAgain(), 'asked')
    })

    it('is asked about when anything that came of the consent was ended or stopped', async () => {
      const { decisions: parts } = world().rooms
      const sam = await world().person('sam')
      const by = sam.id
      await stranger.enter(desk(), { fields: again })
      const { id: taskId } = await newest()
      await suspendTask(parts, { taskId, by, reason: 'wait' })
      assert.equal(await comesAgain(), 'asked')
      await resumeTask(parts, { taskId, by, reason: 'go on' })
      assert.notEqual(await comesAgain(), 'asked')
      await closeTask(parts, { taskId, by, reason: 'person' })
      assert.equal(await comesAgain(), 'asked')
      const other = await Stranger.arrive(world(), 'Other notes')
      stranger = other
      await other.enter(desk(), { fields: again })
      const [basisId = ''] = (await newest()).bases
      await endBasis(parts, { basisId, by })
      assert.equal(await comesAgain(), 'asked')
    })

    it('is asked about unless it is as it was, asks for what it had, and its person is signed in well enough', async () => {
      const w = world()
      const { decisions: parts, policies, policy, storage } = w.rooms
      await stranger.enter(desk(), { fields: { 'detail-0': undefined, ...again } })
      const { id: by } = await w.person('ada')
      const person = await findPerson(storage.read, (await w.person('sam')).id)
      assert.ok(person)
      const of = { agentId: stranger.id, personId: person.id, resource: desk() }
      const before = await lastAllowed(storage.read, of)
      assert.ok(before?.basisId)
      const now = w.clock.now()
      const pending = { id: 'another', state: 'pending', createdAt: now } as const
      const asked = { ...before, ...pending, expiresAt: now + MINUTE }
      const proved = { acr: null, authTime: now - 2 * MINUTE }
      const found = async (over: Partial<typeof asked> = {}, given = parts) =>
        (await returnOf(given, { ...asked, ...over }, { person, proved }))?.details
      const left = before.details
      assert.deepEqual(await found(), left)
      const fresh = { acrValues: [], maxAgeSeconds: 60 }
      const all = JSON.stringify(deskActions(w))
      for (const over of [
        { mayReturn: false },
        { expiresAt: now },
        { clientName: 'Your bank' },
        { redirectUri: `${before.redirectUri}/elsewhere` },
        { proves: { methods: ['private_key_jwt'], keys: ['k'] } },
        { askedDetails: all },
        { stepUp: fresh },
      ] as const)
        assert.equal(await found(over), undefined, JSON.stringify(over))
      const stricter = Object.assign(Object.create(Object.getPrototypeOf(parts)), parts)
      assert.equal(await found({}, Object.assign(stricter, { stepUp: fresh })), undefined)
      const { text } = await policies.version((await policies.active()).version)
      const strong = text.replace('@id("support-desk")', '$&\n@step_up("mfa")')
      assert.notEqual(strong, text)
      await publishPolicies(policy, { text: strong, by, note: 'for tests' })
      assert.equal(await found(), undefined)
      await publishPolicies(policy, { text, by, note: 'as before' })
      const [first, ...rest] = actionsIn(left)
      const ceiling = [{ ...deskActions(w)[0], actions: rest }] as unknown as typeof left // as: written so
      await setCeiling(w.rooms.agents, { agentId: stranger.id, ceiling, by })
      const less = await found()
      assert.ok(less && first && !actionsIn(less).includes(first), 'no more than its ceiling')
      await setCeiling(w.rooms.agents, { agentId: stranger.id, ceiling: left, by })
      assert.deepEqual(await found(), left)
      // A hundred answers are enough for one consent.
      const answered = Array.from({ length: 99 }, (_, i) =>
        insertAuthorizationStep(storage.read, { ...before, id: `answered-${count}-${i}` }),
      )
      await storage.commit(answered.slice(1))
      assert.ok(await found())
      await storage.commit(answered.slice(0, 1))
      assert.equal(await found(), undefined)
    })

    it('is asked about where what it had was limited: a budget does not begin anew', async () => {
      await stranger.enter(desk(), { fields: again })
      assert.notEqual(await comesAgain(), 'asked')
      const { id } = await newest()
      const query = world()
        .rooms.storage.read.updateTable('tasks')
        .set({ budget: '[{"calls":1}]' })
        .where('id', '=', id)
      await world().rooms.storage.commit([{ name: 'a budget', query, rows: 1 }])
      assert.equal(await comesAgain(), 'asked')
    })

    it('has a task that every request keeps in use, and no end of that kind where it has a key', async () => {
      const w = world()
      const { storage } = w.rooms
      const path = `${w.issuer}/oauth/token`
      const tasksOf = async (dpop?: string) => {
        const back = await stranger.codeFor(desk())
        const { body, status } = await stranger.redeem(back, desk(), {}, dpop)
        assert.equal(status, 200, JSON.stringify(body))
        return { task: await newest(), token: String(body.access_token) }
      }
      const { task, token } = await tasksOf()
      assert.equal(task.idleMs, 10 * MINUTE)
      const ends = async () => {
        const query = storage.read.selectFrom('tasks').select('idle_at').where('id', '=', task.id)
        return (await query.executeTakeFirstOrThrow()).idle_at ?? 0
      }
      w.clock.advance(MINUTE)
      assert.equal((await ping(desk(), token)).status, 200)
      assert.ok((await ends()) >= w.clock.now() + 10 * MINUTE, 'also one that calls nothing')
      w.clock.advance(MINUTE)
      const query = storage.read
        .updateTable('tasks')
        .set({ idle_at: w.clock.now() - 1 })
        .where('id', '=', task.id)
      await storage.commit([{ name: 'it was not used', query, rows: 1 }])
      assert.equal((await ping(desk(), token)).status, 401)
      const key = await newKey()
      const bound = await tasksOf(await proof(w.clock, key, { method: 'POST', url: path }))
      assert.notEqual(bound.task.id, task.id)
      assert.equal(bound.task.idleMs, null)
    })

    it('is not answered by what its person allowed to other software of the same name', async () => {
      const w = world()
      const [name, path] = ['Notes with a twin', 'callback']
      stranger = await Stranger.arrive(w, name, path)
      await stranger.enter(desk(), { fields: again })
      const twin = await Stranger.arrive(w, name, path)
      await twin.register({ software_id: 'twin' })
      await twin.codeFor(desk(), { person: 'fiona', fields: again })
      assert.notEqual(await comesAgain(), 'asked')
      stranger = twin
      assert.equal(await comesAgain(), 'asked')
    })

    it('is answered in the browser that began, and in no other one', async () => {
      await stranger.enter(desk(), { fields: again })
      const before = stranger.arrived.length
      const begun = await stranger.authorize(desk())
      const id = begun.location.split('/').at(-1)
      const elsewhere = await stranger.browser('sam')
      for (const path of [`/authorize/${id}`, `/oauth/authorize/${id}`])
        assert.match((await elsewhere.get(`${world().issuer}${path}`)).text, /no such request/)
      assert.equal(stranger.arrived.length, before)
    })

    it('ends no more than its own when it deregisters, and speaks for no other instance', async () => {
      const w = world()
      const { read } = w.rooms.storage
      const [name, path] = ['Notes of two people', 'callback']
      const own = await Stranger.arrive(w, name, path)
      const registered = await own.register()
      await own.enter(desk())
      const other = await Stranger.arrive(w, name, path)
      const replaces = await other.register()
      await other.codeFor(desk(), { person: 'fiona' })
      const back = other.arrived.at(-1) ?? new URL(desk())
      assert.equal((await other.redeem(back, desk())).status, 200)
      const states = async () =>
        (await listTasks(read, { agentId: own.id, limit: 9 })).map(({ state }) => state)
      assert.deepEqual(await states(), ['open', 'open'])
      const manage = (answer: Answer, method: string, body?: object) =>
        send(String(answer.body.registration_client_uri), {
          method,
          headers: [
            ['Authorization', `Bearer ${answer.body.registration_access_token}`],
            ['Content-Type', 'application/json'],
          ],
          ...(body ? { body: JSON.stringify(body) } : {}),
        })
      const bank = { ...own.clientMetadata, client_id: own.id, client_name: 'Your bank' }
      const refused = await manage(registered, 'PUT', bank)
      assert.deepEqual([refused.status, refused.body.error], [400, 'invalid_client_metadata'])
      assert.equal((await manage(replaces, 'DELETE')).status, 204)
      assert.deepEqual((await states()).toSorted(), ['closed', 'open'])
      assert.equal((await findAgent(read, own.id))?.status, 'active')
      assert.equal((await own.refresh()).status, 200)
      const third = await Stranger.arrive(w, name, path)
      await third.register()
      await third.codeFor(desk(), { person: 'fiona' })
      const arrived = third.arrived.at(-1) ?? new URL(desk())
      const { body } = await third.redeem(arrived, desk())
      assert.equal((await manage(registered, 'DELETE')).status, 204)
      assert.equal((await findAgent(read, own.id))?.status, 'active', 'others are it, too')
      assert.equal((await ping(desk(), String(body.access_token))).status, 200)
      assert.notEqual((await own.refresh()).status, 200)
    })

    it('is one agent, however often it registers anew; each run is answered by the same consent', async () => {
      const w = world()
      const { read } = w.rooms.storage
      const runs: Stranger[] = []
      const [name, path] = ['Notes at every run', 'callback']
      // The same software of another person, and another program of the same person: neither is replaced.
      const others = [await Stranger.arrive(w, name, path), await Stranger.arrive(w, 'A neighbour')]
      const theirs = new Map([[others[0], { person: 'fiona' } as const]])
      for (let run = 0; run < 3; run++) {
        stranger = await Stranger.arrive(w, name, path)
        await stranger.register()
        const before = stranger.arrived.length
        const page = await stranger.ask('sam', stranger.asking(desk()))
        const [back = await stranger.answered(page, { fields: again })] =
          stranger.arrived.slice(before)
        assert.equal(/act for you\?/.test(page.text), run === 0, page.text)
        stranger.verifier = VERIFIER
        const { body, status } = await stranger.redeem(back, desk())
        assert.equal(status, 200, JSON.stringify(body))
        assert.equal((await ping(desk(), String(body.access_token))).status, 200)
        runs.push(stranger)
        if (run === 0) for (const other of others) await other.codeFor(desk(), theirs.get(other))
      }
      const [first, second, third] = runs
      assert.ok(first && second && third)
      assert.deepEqual(
        [await findAgent(read, second.id), await findAgent(read, third.id)],
        [undefined, undefined],
      )
      const all = await listTasks(read, { agentId: first.id, limit: 9 })
      assert.equal(all.length, 3)
      const { token } = await w.api('ada')
      const { body: shown } = await send(`${w.issuer}/api/v1/agents/${first.id}`, {
        headers: [['Authorization', `Bearer ${token}`]],
      })
      const listed = shown.instances as { client_id: string; people: number }[] // as: openapi.json
      const people = listed.map((each) => [each.client_id, each.people])
      const instances = [...runs, ...others.slice(0, 1)].map(({ id }) => [id, 1])
      assert.deepEqual(people.toSorted(), instances.toSorted())
      // Another person, other software, other addresses: asked.
      stranger = await Stranger.arrive(w, name, path)
      await stranger.register()
      assert.equal(await comesAgain({}, { person: 'fiona' }), 'asked')
      for (const other of [
        await Stranger.arrive(w, name, 'other'),
        await Stranger.arrive(w, name.toLowerCase(), path),
      ]) {
        stranger = other
        await stranger.register()
        assert.equal(await comesAgain(), 'asked')
      }
      stranger = await Stranger.arrive(w, name, path)
      await stranger.register({ software_id: 'another' })
      assert.equal(await comesAgain(), 'asked')
      stranger = third
      assert.notEqual(await comesAgain(), 'asked')
      // Those that were replaced go within a day, the last one stays.
      const isRegistered = async ({ id }: Stranger) => {
        const page = await (await third.browser('sam')).get(
          third.asking(desk(), { client_id: id }).href,
        )
        return !page.text.includes('not registered here')
      }
      w.clock.advance(24 * 60 * MINUTE)
      assert.deepEqual(await Promise.all([first, second, third, ...others].map(isRegistered)), [
        false,
        false,
        true,
        true,
        true,
      ])
    })
  },
  { desk: true },
)
