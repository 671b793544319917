import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cp } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setCeiling } from '../../../src/identity/agents/index.ts'
import { publishPolicies } from '../../../src/policy/policy/index.ts'
import { REFUND_DESK } from '../../../src/policy/policy/testing.ts'
import { grantBasis } from '../../../src/tasks/consent/index.ts'
import type { OpenTask } from '../../agent.ts'
import type { RunningProgram } from '../../sdk/project.ts'
import { World } from '../../world.ts'
import { NodeProject } from '../npm.ts'
import { DOCUMENT } from './document.ts'

const RULES = `
@id("forms") permit (principal, action, resource == Resource::"forms");
@id("long") forbid (principal is Person, action == Action::"forms.invoice", resource) when { context.args has days_until_due && context.args.days_until_due > 90 };
@id("charges") forbid (principal is Person, action == Action::"forms.invoice", resource) unless { context.args has expand && context.args.expand.contains("charge") && context.args has custom_fields };
`
const ACTIONS = ['forms.invoice', 'forms.charges', 'forms.message', 'forms.post']

/** Puts token and proof on every request, for clients that have neither. Answers its address. */
async function relayTo(w: World, task: OpenTask, token: string): Promise<string> {
  const { host, hostname, port } = new URL(w.gateway)
  const pass = async (message: IncomingMessage, reply: ServerResponse) => {
    const { method = 'GET', url = '' } = message
    const htu = `${w.gateway}/forms${url.split('?')[0]}`
    const dpop = await w.agent.proof(task.key, { method, url: htu, token })
    const headers = { ...message.headers, host, authorization: `DPoP ${token}`, dpop }
    const at = w.ports?.[w.gateway] ?? port
    const sent = request({ hostname, port: at, method, path: `/forms${url}`, headers })
    sent.once('response', (answer) => {
      reply.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(reply)
    })
    message.pipe(sent)
  }
  const server = createServer((message, reply) => void pass(message, reply))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  w.onStop(async () => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // as: it listens on TCP
}

describe('official clients of APIs that take forms', () => {
  let w: World
  let project: NodeProject
  let api: RunningProgram
  let address: string

  before(async () => {
    project = await NodeProject.make(process.env.REMIT_INTEROP_FORM_CLIENTS ?? '')
    for (const file of ['api.mjs', 'clients.mjs'])
      await cp(join(import.meta.dirname, file), join(project.folder, file))
    api = project.start(['api.mjs'])
    const [, upstream = ''] = await api.says(/at (\S+)\n/)
    w = await World.start('sqlite')
    const ada = await w.api('ada')
    const document = JSON.stringify(DOCUMENT)
    const put = await ada.send('PUT', '/resources/forms', { document, upstream })
    assert.equal(put.status, 200, put.text)
    assert.deepEqual(put.body.uncallable, [])
    const { id: by } = await w.person('ada')
    const { id: personId } = await w.person('sam')
    await publishPolicies(w.rooms.policy, { text: REFUND_DESK + RULES, by, note: 'forms' })
    const identifier = `${w.gateway}/forms`
    const detail = { type: 'remit_call', locations: [identifier], actions: ACTIONS, bounds: [] }
    await setCeiling(w.rooms.agents, { agentId: 'refund-bot', ceiling: [detail], by })
    const details = [detail] as unknown as Parameters<typeof grantBasis>[1]['details'] // as written above
    const basis = { personId, agentId: 'refund-bot', kind: 'consent', grantedBy: personId } as const
    await grantBasis(w.rooms.decisions, { ...basis, details })
    const task = await w.open({ details: [detail] })
    address = await relayTo(w, task, await w.agent.token(task, identifier))
  })
  after(async () => {
    await api?.stop()
    await project?.remove()
    await w?.stop()
  })

  async function read(
    what: string,
  ): Promise<readonly { readonly qs: unknown; readonly rack: unknown }[]> {
    const { code, out, said } = await project.run(['clients.mjs', what, address])
    assert.equal(code, 0, said)
    return JSON.parse(out)
  }

  it('M1: Stripe: records, lists and maps reach a server as it reads them, and rules see them', async () => {
    const [made, found, refused] = await read('stripe')
    const invoice = {
      customer: 'cus_1',
      description: 'two\nlines & ~',
      days_until_due: '30',
      metadata: { order: '1042' },
      custom_fields: [
        { name: 'Order', value: '1042' },
        { name: 'Cost centre', value: 'A=B' },
      ],
      expand: ['customer', 'charge'],
    }
    assert.deepEqual(made, { qs: invoice, rack: invoice })
    const listed = { created: { gte: '5' }, limit: '3', expand: ['data.customer'] }
    assert.deepEqual(found, { qs: listed, rack: listed })
    // The client reads a problem (RFC 9457) as its error.
    assert.equal(Object(refused).code, 'person.not_permitted')
  })

  it('M1: Twilio: names that are repeated, and texts of several lines', async () => {
    const [sent] = await read('twilio')
    assert.deepEqual(sent?.qs, {
      ...{ To: '+15550001', From: '+15550002', Body: 'Hello,\nSam' },
      MediaUrl: ['https://a.example/1', 'https://a.example/2'],
    })
  })

  it('M1: Slack: texts that hold JSON', async () => {
    const [posted] = await read('slack')
    assert.deepEqual(posted?.rack, posted?.qs)
    const { blocks, channel } = Object(posted?.qs)
    assert.equal(channel, 'C1')
    assert.equal(JSON.parse(blocks)[0].text.text, 'Refund *5 EUR*')
  })
})
