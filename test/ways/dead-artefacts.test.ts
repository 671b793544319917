import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, it } from 'node:test'
import { GRANT_TYPES } from '../../src/oauth/token.ts'
import { closeTask, listTasks } from '../../src/tasks/index.ts'
import type { OpaqueKind } from '../../src/tokens/opaque-token.ts'
import { ACCESS_TOKEN, JWT_BEARER, postForm } from '../agent.ts'
import { Stranger } from '../mcp/stranger.ts'
import { newKey, type TestKey } from '../signing.ts'
import { send } from '../wire.ts'
import { inEachWorld, type World } from '../world.ts'
import { WHY } from './acts.ts'
import { ANSWERED_WAYS } from './answered-ways.ts'
import { calls, Ways } from './desk.ts'

/** What a task is ever given. A kind of opaque token that is added has to be added here; `remit_rm` is the registration's own. */
type Kind =
  | Exclude<OpaqueKind, 'remit_rm'>
  | 'task'
  | 'resource'
  | 'ticket'
  | 'transaction'
  | 'code'

interface Held {
  readonly artefacts: Readonly<Record<Kind, string>>
  readonly key: TestKey
  readonly stranger: Stranger
  readonly taskId: string
}

async function collect(ways: Ways): Promise<Held> {
  const { agent, echo, gateway } = ways.world
  const task = await ways.world.open({ details: ways.everything })
  const resource = await agent.token(task, `${gateway}/echo`)
  assert.equal((await agent.call(task, 'GET', '/echo/things', { token: resource })).status, 200)
  const authorization_details = [calls(`${gateway}/echo`, ['echo.list'])]
  const child = { agent: ways.helper.id, purpose: 'help', authorization_details }
  const { body } = await agent.about(task, 'POST', '/children', { body: JSON.stringify(child) })
  const stranger = await Stranger.arrive(ways.world)
  const back = await stranger.codeFor(`${gateway}/desk`)
  const entered = await stranger.redeem(back, `${gateway}/desk`)
  const waited: string[] = []
  for (const { prepare } of ANSWERED_WAYS) {
    const { shows = '', take } = await prepare(ways)
    assert.ok((await take()).through)
    waited.push(shows)
  }
  const byKind = (kind: string) => waited.find((one) => one.startsWith(`${kind}_`)) ?? ''
  const artefacts = {
    task: task.token,
    resource,
    ticket: String(body.ticket),
    transaction: String(echo.reached.at(-1)?.headers['txn-token']),
    code: back.searchParams.get('code') ?? '',
    remit_at: String(entered.body.access_token),
    remit_rt: String(entered.body.refresh_token),
    remit_dc: byKind('remit_dc'),
    remit_ar: byKind('remit_ar'),
    remit_vc: byKind('remit_vc'),
  }
  return { artefacts, key: task.key, stranger, taskId: task.id }
}

/** Every operation of the document, and what is not in it. */
async function doors({ gateway, issuer }: World, taskId: string) {
  const text = await readFile(join(import.meta.dirname, '../../openapi.json'), 'utf8')
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, unknown>> } // OpenAPI
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), issuer + path] as const),
  )
  const oauth = ['introspect', 'par', 'bc-authorize', 'device_authorization', 'token'] as const
  const all = [
    ...described,
    ...oauth.map((name) => ['POST', `${issuer}/oauth/${name}`] as const),
    ['GET', `${gateway}/echo/things`] as const,
    ['POST', `${gateway}/desk`] as const,
  ].map(([method, url]) => [method, url.replace(/\{[^}]+\}/g, taskId)] as const)
  // What ends something last, so that everything is seen that is open.
  return all.toSorted(([a], [b]) => Number(a === 'DELETE') - Number(b === 'DELETE'))
}

/** What each grant is shown. */
const SHOWN_AS = [
  ...['code', 'refresh_token', 'subject_token', 'assertion'],
  ...['deferral_code', 'auth_req_id', 'device_code', 'sponsor_grant'],
]

inEachWorld(
  'what a task was given, once it has ended',
  (world) => {
    let ways: Ways
    let held: Held
    before(async () => {
      ways = await Ways.make(world())
      held = await collect(ways)
      for (const task of await listTasks(world().rooms.storage.read, { limit: 100 }))
        if (task.state === 'open')
          await closeTask(world().rooms.decisions, { ...WHY, taskId: task.id })
    })

    it('is there in every kind', () => {
      for (const [kind, text] of Object.entries(held.artefacts)) {
        assert.ok(text.length > 20, kind)
        if (kind.startsWith('remit_')) assert.ok(text.startsWith(`${kind}_`), `${kind}: ${text}`)
      }
    })

    it('opens no door: of the API, the protocol, the gateway, MCP or AuthZEN', async () => {
      const { agent } = world()
      const open: string[] = []
      let asked = 0
      for (const [method, url] of await doors(world(), held.taskId)) {
        const body = method === 'GET' ? {} : { body: '{}' }
        const type = [['Content-Type', 'application/json']] as const
        const bare = await send(url, { method, headers: type, ...body })
        if (bare.status < 300) continue
        for (const [kind, token] of Object.entries(held.artefacts)) {
          const bound = token.includes('.')
          const headers = [['Authorization', `${bound ? 'DPoP' : 'Bearer'} ${token}`], ...type]
          if (bound) headers.push(['DPoP', await agent.proof(held.key, { method, url, token })])
          const sent = headers.map(([name = '', value = '']) => [name, value] as const)
          const { status, text } = await send(url, { method, headers: sent, ...body })
          asked++
          if (status < 400 || status >= 500)
            open.push(`${kind} at ${method} ${url}: ${status} ${text.slice(0, 100)}`)
        }
      }
      assert.deepEqual(open, [])
      assert.ok(asked > 500, `${asked}`)
    })

    it('is exchanged for nothing, by any grant', async () => {
      const { agent, gateway, issuer } = world()
      const open: string[] = []
      // Codes last: one that comes again closes its task, if that is open.
      for (const grant_type of GRANT_TYPES.toReversed())
        for (const name of SHOWN_AS)
          for (const [kind, token] of Object.entries(held.artefacts)) {
            const own = {
              client_assertion_type: JWT_BEARER,
              client_assertion: await agent.assertion(),
            }
            const asTask = { client_id: held.taskId, subject_token_type: ACCESS_TOKEN }
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
  },
  { desk: true, deviceCodes: true },
)
