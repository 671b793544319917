import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, it } from 'node:test'
import { GRANT_TYPES } from '../../src/edges/oauth/token.ts'
import { closeTask, listTasks } from '../../src/tasks/tasks/index.ts'
import { ACCESS_TOKEN, JWT_BEARER, postForm, TOKEN_EXCHANGE } from '../agent.ts'
import { Pep } from '../conformance/authzen/pdp.ts'
import { allEnded } from '../ended.ts'
import { askAs, askWith } from '../introspection/asking.ts'
import { assertRequestable } from '../refusals.ts'
import { decode, newKey } from '../signing.ts'
import { type Answer, send } from '../wire.ts'
import { inEachWorld } from '../world.ts'
import { WHY } from './acts.ts'
import { Ways } from './desk.ts'
import { allDoors, type Door } from './doors.ts'
import { collect, type HeldArtefacts, howItEnds, pushedUrl } from './held.ts'

const ASSERTION_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** Pages know cookies: these stand for all that is no session. */
const AT_PAGES = ['task', 'remit_at', 'code']

/** Artefacts that each grant is shown. A grant that is added has to be added here. */
const SHOWN_AS: Readonly<Record<string, readonly string[]>> = {
  authorization_code: ['code'],
  refresh_token: ['refresh_token'],
  client_credentials: ['sponsor_grant'],
  [TOKEN_EXCHANGE]: ['subject_token', 'actor_token'],
  [ASSERTION_GRANT]: ['assertion'],
  'urn:ietf:params:oauth:grant-type:deferred': ['deferral_code'],
  'urn:openid:params:grant-type:ciba': ['auth_req_id'],
  'urn:ietf:params:oauth:grant-type:device_code': ['device_code'],
}

const CALL = JSON.stringify({
  ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
  params: { name: 'search_notes', arguments: { query: 'x' } },
})

/**
 * Rows that the store keeps with a task, by table; `true` for a row that could still be used for
 * something.
 */
const KEPT: Readonly<Record<string, (row: Readonly<Record<string, unknown>>) => boolean>> = {
  access_requests: ({ state, uses_left }) => state === 'pending' || Number(uses_left) > 0,
  allowances: ({ ended_at }) => ended_at === null,
  authorizations: ({ state }) => state !== 'used',
  // Tokens and handles: who looks one up looks at the task, and there are no others to look up.
  bearer_tokens: () => false,
  decisions: ({ state }) => state === 'sending',
  deferrals: ({ state }) => state === 'pending',
  foreign_tokens: () => false,
  // Whoever asks about one goes through all gates of its call; `test/mcp/server-tasks.ts` shows that nothing is told.
  // Keeps what is known of a task, and gives it nothing.
  legal_holds: () => false,
  mcp_tasks: () => false,
  notices: () => false,
  refresh_tokens: () => false,
  task_issuers: () => false,
}

inEachWorld(
  'what a task was given, once it has ended',
  (world) => {
    let ways: Ways
    let held: HeldArtefacts
    let ended: Promise<string>
    let reached: number
    before(async () => {
      ways = await Ways.make(world())
      held = await collect(ways)
      ended = howItEnds(held.stream)
      reached = world().echo.reached.length
      for (const task of await listTasks(world().rooms.storage.read, { limit: 100 }))
        if (task.state === 'open') {
          await closeTask(world().rooms.decisions, { ...WHY, taskId: task.id })
          await allEnded(world(), task)
        }
    })

    it('is there in every kind', () => {
      for (const [kind, text] of Object.entries(held.artefacts)) {
        assert.ok(text.length > 20, kind)
        if (kind.startsWith('remit_')) assert.ok(text.startsWith(`${kind}_`), `${kind}: ${text}`)
      }
      assert.match(held.artefacts.handle, /^remit_at_/)
      const types = new Set(
        Object.values(held.artefacts)
          .filter((text) => text.split('.').length === 3)
          .map((text) => String(decode(text).header.typ)),
      )
      assert.deepEqual([...types].toSorted(), typesMade(), 'each type of JWT that Remit signs')
    })

    it('opens no door: of the API, the protocol, the gateway, MCP, AuthZEN or a page', async () => {
      const open: string[] = []
      let asked = 0
      for (const door of await allDoors(world(), held.task.id)) {
        const bare = await knock(door, [])
        for (const [kind, token] of Object.entries(held.artefacts)) {
          if (door.page && !AT_PAGES.includes(kind)) continue
          const answer = await knock(door, await shown(door, token))
          asked++
          if (isOpen(bare, answer))
            open.push(`${kind} at ${door.method} ${door.url}: ${answer.status} ${answer.text}`)
        }
      }
      assert.deepEqual(open, [])
      assert.ok(asked > 1_500, `${asked}`)
      assert.equal(world().echo.reached.length, reached)
    })

    /** Knocks with nothing that would be refused for itself: who gets as far as that was let in. */
    function knock({ method, url }: Door, headers: readonly (readonly [string, string])[]) {
      const mcp = url.endsWith('/desk')
      const body = mcp ? CALL : '{}'
      const sent = [...headers, ['Content-Type', 'application/json'] as const]
      if (mcp) sent.push(['Mcp-Session-Id', held.session.id ?? ''])
      if (mcp) sent.push(['Accept', 'application/json, text/event-stream'])
      const bare = method === 'GET' || (mcp && method === 'DELETE')
      return send(url, { method, headers: sent, ...(bare ? {} : { body }) })
    }

    async function shown({ method, page, url }: Door, token: string) {
      if (page) return [['Cookie', `remit_session=${token}; remit_browser=${token}`]] as const
      const bound = token.includes('.') || token === held.artefacts.handle
      if (!bound) return [['Authorization', `Bearer ${token}`]] as const
      const proof = await world().agent.proof(keyOf(token), { method, url, token })
      return [
        ['Authorization', `DPoP ${token}`],
        ['DPoP', proof],
      ] as const
    }

    const keyOf = (token: string) => (token === held.artefacts.foreign ? held.foreignKey : held.key)

    /** Compares with the answer to anybody: an answer that everybody gets is no door. */
    function isOpen(bare: Answer, { headers, status, text }: Answer): boolean {
      if (status >= 500) return true
      const to = (location = '') => location.split('?')[0]
      const same = status === bare.status && to(headers.location) === to(bare.headers.location)
      if (status < 400) return !same || (bare.status >= 400 && text !== bare.text)
      // Past the credential, and stopped by what was sent with it.
      return [400, 409, 415, 422].includes(status) && [401, 403].includes(bare.status)
    }

    it('is exchanged for nothing, by any grant', async () => {
      const { agent, gateway, issuer } = world()
      const open: string[] = []
      // Codes last: one that comes again closes its task, if that is open.
      for (const grant_type of GRANT_TYPES.toReversed())
        for (const name of SHOWN_AS[grant_type] ?? assert.fail(`${grant_type} has no row`))
          for (const [kind, token] of Object.entries(held.artefacts)) {
            const own = {
              client_assertion_type: JWT_BEARER,
              client_assertion: await agent.assertion(),
            }
            const asTask = { client_id: held.task.id, subject_token_type: ACCESS_TOKEN }
            const asClient = {
              client_id: held.stranger.id,
              code_verifier: held.stranger.verifier,
              redirect_uri: held.stranger.redirectUrl,
            }
            const who =
              name === 'subject_token' ? asTask : /^(?:code|refresh)/.test(name) ? asClient : own
            const resource = who === asClient ? `${gateway}/desk` : `${gateway}/echo`
            const form = { grant_type, [name]: token, ...who }
            const whole = who === own ? form : { ...form, resource }
            const url = `${issuer}/oauth/token`
            const key = who === asTask ? held.key : await newKey()
            const proof = await agent.proof(key, { method: 'POST', url })
            const answer = await postForm(url, whole, who === asClient ? [] : [['DPoP', proof]])
            if (answer.status < 400 || answer.status >= 500)
              open.push(`${kind} as ${name} of ${grant_type}: ${answer.status} ${answer.text}`)
          }
      assert.deepEqual(open, [])
    })

    it('is inactive to everyone who asks about it, whatever they were told before', async () => {
      const { agent } = world()
      const pep = await Pep.add(world(), 'edge')
      for (const [kind, token] of Object.entries(held.artefacts))
        for (const [who, { body }] of [
          ['the API', await askWith(world(), ways.secret, token)],
          ['the gateway’s API', await askWith(world(), ways.service, token)],
          ['an enforcement point', await askWith(world(), pep.secret, token)],
          ['the agent', await askAs(world(), agent, token)],
        ] as const)
          assert.deepEqual(body, { active: false }, `${kind}, ${who}`)
    })

    it('permits nothing to an enforcement point that is shown it, or believed about it', async () => {
      const { agent, gateway } = world()
      const pep = await Pep.add(world(), 'believed', { namesTasks: true })
      const { id } = await world().person('sam')
      const about = { method: 'GET', url: `${gateway}/echo/things` }
      for (const token of [undefined, ...Object.values(held.artefacts)]) {
        const dpop = token && (await agent.proof(keyOf(token), { ...about, token }))
        const answer = await pep.evaluate({
          subject: { type: 'user', id },
          action: { name: 'echo.list' },
          resource: { type: 'resource', id: 'echo' },
          context: { task: held.task.id, ...about, ...(token && { access_token: token, dpop }) },
        })
        assert.notEqual(answer.body.decision, true, answer.text)
      }
    })

    it('begins no authorization again: a pushed request is over with its answer', async () => {
      const { issuer } = world()
      const { id } = held.stranger
      const page = await held.stranger.ask('sam', pushedUrl(issuer, id, held.artefacts.request_uri))
      assert.equal(page.status, 400, page.text)
      const pushed = await postForm(
        `${issuer}/oauth/par`,
        { client_id: id, request_uri: held.artefacts.request_uri },
        [],
      )
      assert.equal(pushed.status, 400, pushed.text)
    })

    it('was cut where it ran', async () => {
      assert.equal(await ended, 'cut')
      const answer = await held.session.call('search_notes', { query: 'x' })
      assert.equal(answer.status, 401, answer.text)
    })

    it('is no answer of people for another task, and none can be given any more', async () => {
      const { agent } = world()
      const fiona = await world().browser('fiona')
      const page = await fiona.get(held.waiting)
      assert.doesNotMatch(page.html, /Approve once/)
      const other = await world().open({ details: ways.everything })
      for (const path of [held.approved, held.allowed])
        assertRequestable(await agent.call(other, 'DELETE', path))
      await closeTask(world().rooms.decisions, { ...WHY, taskId: other.id })
      assert.equal(world().echo.reached.length, reached)
    })

    it('is dead in the store, in every table that keeps something with a task', async () => {
      const { read } = world().rooms.storage
      // Another world may have left copies beside them, in a schema of its own.
      const tables = (await read.introspection.getTables()).filter(
        ({ columns, isView, schema = 'public' }) =>
          schema === 'public' && !isView && columns.some(({ name }) => name === 'task_id'),
      )
      const names = tables.map(({ name }) => name).toSorted()
      assert.deepEqual(names, Object.keys(KEPT).toSorted(), 'a row for each table')
      const closed = new Set<string>(
        (await listTasks(read, { limit: 100 }))
          .filter(({ state }) => state === 'closed')
          .map(({ id }) => id),
      )
      for (const name of names) {
        // How a call ended may stand beside its decision; the view knows.
        const table = name === 'decisions' ? 'known_decisions' : name
        const rows = await read
          .selectFrom(table as 'known_decisions') // as: a name of one of our own tables, each with this column
          .selectAll()
          .where('task_id', 'is not', null)
          .execute()
        for (const row of rows)
          if (closed.has(String(row.task_id)))
            assert.ok(!KEPT[name]?.({ ...row }), `${name}: ${JSON.stringify(row)}`)
      }
    })

    it('comes back after no restart', async () => {
      await world().restart()
      const { agent, gateway } = world()
      const { resource, task } = held.artefacts
      const call = await agent.call(held.task, 'GET', '/echo/things', { token: resource })
      assert.equal(call.body.code, 'task.closed')
      const again = await agent.askToken({ ...held.task, token: task }, `${gateway}/echo`)
      assert.equal(again.body.code, 'task.closed')
    })
  },
  { desk: true, deviceCodes: true },
)

/** The types of JWT that are written where tokens are made. Proofs are of agents. */
function typesMade(): readonly string[] {
  const folder = join(import.meta.dirname, '../../src/identity/tokens')
  const files = readdirSync(folder).filter((name) => /^(?!dpop-proof).*(?<!\.test)\.ts$/.test(name))
  const found = files.flatMap((name) => [
    ...readFileSync(join(folder, name), 'utf8').matchAll(/'([a-z-]+\+jwt|JWT)'/g),
  ])
  return [...new Set(found.map(([, type = '']) => type))].toSorted()
}
