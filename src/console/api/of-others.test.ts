import assert from 'node:assert/strict'
import { it } from 'node:test'
import { addAgent } from '../../../test/delegation.ts'
import { assertRequestable } from '../../../test/refusals.ts'
import { type Api, inOneWorld, type World } from '../../../test/world.ts'
import { answerConfirmation, openSession, readConfirmation } from '../../identity/sessions/index.ts'
import { OPERATIONS } from '../../programs/every-operation.ts'

/** A word in everything that is of others here: no answer to a stranger may have it. */
const CANARY = 'canary7'

/** Operations of everybody who is signed in that name a thing which everybody may see. */
const PUBLIC = new Set(['agents.show', 'resources.show'])

/** Names a thing of others, as the input of an operation has it. */
interface ForeignInput {
  readonly path: string
  readonly body?: object
}

/** Lists things of Sam and Ada, as inputs of each operation for everybody who is signed in and takes an id. */
async function foreignInputs(w: World): Promise<Readonly<Record<string, readonly ForeignInput[]>>> {
  const task = await w.open({ purpose: `look at ${CANARY}` })
  const call = await w.agent.call(task, 'DELETE', `/echo/things/${CANARY}`)
  const { id: request } = assertRequestable(call)
  const decision = String(call.body.decision_id)
  const detail = { type: 'remit_call', locations: [w.orders], actions: ['orders.list'] }
  const bot = await addAgent(w, 'night-bot', 'sam')
  const grant = await confirmed(w, 'POST', '/sponsor-grants', {
    ...{ agent: bot.id, purpose: `count ${CANARY}`, details: [detail] },
    ...{ rate: { tasks: 1, seconds: 60 }, expires_at: '2027-06-01T00:00:00Z' },
  })
  const channel = await confirmed(w, 'POST', '/channels', {
    ...{ kind: 'webhook', address: `https://${CANARY}.example/` },
  })
  const standIn = await confirmed(w, 'POST', '/stand-ins', {
    ...{ stand_in: 'fiona@example.com', ends_at: '2027-01-01T00:00:00Z' },
  })
  const [basis] = (await (await w.api('sam')).send('GET', '/bases')).body.bases as { id: string }[] // documented
  const ada = await w.api('ada')
  const waiting = await ada.send('POST', '/channels', {
    kind: 'webhook',
    address: `https://${CANARY}.example/2`,
  })
  const { id: confirmation } = waiting.body.confirmation as { id: string } // documented
  const allowance = await allowanceOf(w)
  const at = (path: string, body?: object): readonly ForeignInput[] => [
    { path, ...(body && { body }) },
  ]
  const answer = { shown: 'x'.repeat(43), reason: 'because it is needed' }
  return {
    'confirmations.show': at(`/confirmations/${confirmation}`),
    'agents.show': at('/agents/refund-bot'),
    'agents.recertify': at('/agents/refund-bot/recertify', {}),
    'resources.show': at('/resources/orders'),
    'tasks.show': at(`/tasks/${task.id}`),
    'tasks.tree': at(`/tasks/${task.id}/tree`),
    'tasks.limits': at(`/tasks/${task.id}/limits`),
    'tasks.close': at(`/tasks/${task.id}/close`, {}),
    'tasks.suspend': at(`/tasks/${task.id}/suspend`, {}),
    'tasks.resume': at(`/tasks/${task.id}/resume`, {}),
    'decisions.list': at(`/decisions?task=${task.id}`),
    'decisions.explain': at(`/decisions/${decision}`),
    'requests.show': at(`/access-requests/${request}`),
    'requests.approve': at(`/access-requests/${request}/approve`, answer),
    'requests.deny': at(`/access-requests/${request}/deny`, answer),
    'breakglass.open': at('/break-glass', { ...answer, request }),
    'channels.send_code': at(`/channels/${channel}/code`),
    'channels.confirm': at(`/channels/${channel}/confirm`, { code: '123456' }),
    'channels.use': at(`/channels/${channel}/use`, { use: 'off' }),
    'channels.remove': at(`/channels/${channel}`),
    'standins.end': at(`/stand-ins/${standIn}`),
    'bases.end': at(`/bases/${basis?.id}/end`),
    'sponsorships.show': at(`/sponsor-grants/${grant}`),
    'sponsorships.end': at(`/sponsor-grants/${grant}/end`),
    'allowances.show': at(`/allowances/${allowance}`),
    'allowances.end': at(`/allowances/${allowance}`),
  }
}

inOneWorld(
  'things of others',
  (world) => {
    it('W8: an id of others opens nothing, by any operation or confirmation', async () => {
      const w = world()
      const inputs = await foreignInputs(w)
      const named = OPERATIONS.filter(
        ({ id, path, who }) => who === 'person' && (/:(id|name)/.test(path) || id in inputs),
      )
      assert.deepEqual(
        named.map(({ id }) => id).toSorted(),
        Object.keys(inputs).toSorted(),
        'every operation that takes an id is in this test',
      )
      const nils = await w.api('nils')
      const told: string[] = []
      for (const { id, method } of named) {
        for (const { body, path } of inputs[id] ?? []) {
          const answer = await nils.send(method, path, body)
          if (answer.text.includes(CANARY)) told.push(`${id}: ${answer.text}`)
          const confirmation = await confirmationOf(w, answer.body)
          if (confirmation.includes(CANARY)) told.push(`${id}: ${confirmation}`)
          const isList = id.endsWith('.list')
          const refused = answer.status === 403 || answer.status === 404 || confirmation !== ''
          if (!PUBLIC.has(id) && !isList && !refused) told.push(`${id}: ${answer.status}`)
        }
      }
      assert.deepEqual(told, [])
    })

    it('W8: every list of a stranger is without the things of others', async () => {
      const w = world()
      const nils = await w.api('nils')
      const lists = OPERATIONS.filter(
        ({ method, path, who }) => who === 'person' && method === 'GET' && !path.includes(':'),
      )
      for (const { id, path } of lists) {
        const answer = await nils.send('GET', path)
        assert.equal(answer.status, 200, `${id} ${answer.text}`)
        assert.ok(!answer.text.includes(CANARY), `${id} ${answer.text}`)
      }
    })
  },
  { development: false, settings: { REMIT_PERSONAL_WEBHOOKS: 'on' } },
)

/** Text of what the caller would be shown on the page; empty where nothing waits for a yes. */
async function confirmationOf(w: World, body: Record<string, unknown>): Promise<string> {
  const { confirmation } = body as { confirmation?: { id: string } } // documented
  if (confirmation === undefined) return ''
  const nils = await w.person('nils')
  const page = await (await w.browser('nils')).get(`${w.issuer}/confirm/${confirmation.id}`)
  assert.equal(page.status, 200)
  return (
    JSON.stringify(await readConfirmation(w.rooms.people, confirmation.id, nils.id)) + page.html
  )
}

/** Does something as Ada, with her yes. Answers the id. */
async function confirmed(w: World, method: string, path: string, body: object): Promise<string> {
  const ada: Api = await w.api('ada')
  const asked = await ada.send(method, path, body)
  assert.equal(asked.status, 202, asked.text)
  const { id } = asked.body.confirmation as { id: string } // documented
  const { id: personId } = await w.person('ada')
  const opened = { personId, kind: 'browser', authTime: w.clock.now() } as const
  const { session } = await openSession(w.rooms.people, opened)
  await answerConfirmation(w.rooms.people, { id, session, answer: 'confirmed' })
  const done = await ada.send(method, path, body, [['Remit-Confirmation', id]])
  assert.ok(done.status < 300, done.text)
  return String(done.body.id ?? done.body.name)
}

/** An allowance that Fiona gave to a task of Sam. */
async function allowanceOf(w: World): Promise<string> {
  const task = await w.open()
  const asked = assertRequestable(await w.agent.call(task, 'DELETE', `/echo/things/${CANARY}-2`))
  const fiona = await w.browser('fiona')
  const form = await fiona.get(asked.page)
  const spelled = await fiona.submit(form, /^Look at it first/, { uses: '3' })
  await fiona.submit(spelled, /^Approve/)
  const { body } = await (await w.api('sam')).send('GET', '/allowances')
  const [first] = body.allowances as { id: string }[] // documented
  return String(first?.id)
}
