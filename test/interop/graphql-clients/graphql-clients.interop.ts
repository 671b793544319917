import assert from 'node:assert/strict'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setCeiling } from '../../../src/identity/agents/index.ts'
import { publishPolicies } from '../../../src/policy/policy/index.ts'
import { REFUND_DESK } from '../../../src/policy/policy/testing.ts'
import { grantBasis } from '../../../src/tasks/consent/index.ts'
import type { RunningProgram } from '../../sdk/project.ts'
import { World } from '../../world.ts'
import { relayTo } from '../mcp-conformance/relay.ts'
import { NodeProject } from '../npm.ts'

const SDL = `
  type Query { order(id: ID!): Order }
  type Mutation { refund(order: ID!, amount: Float!): Order }
  type Order { id: ID!, total: Float }
`
const RULES = `
@id("graph") permit (principal, action, resource == Resource::"graph");
`
const ACTIONS = ['graph.query.order', 'graph.mutation.refund', 'graph.introspect']

describe('clients of GraphQL at their defaults, and the audits of graphql-http', () => {
  let w: World
  let project: NodeProject
  let api: RunningProgram
  let direct: string
  let gateway: string

  before(async () => {
    project = await NodeProject.make(process.env.REMIT_INTEROP_GRAPHQL_CLIENTS ?? '')
    for (const file of ['api.mjs', 'clients.mjs'])
      await cp(join(import.meta.dirname, file), join(project.folder, file))
    await project.write('schema.graphql', SDL)
    api = project.start(['api.mjs'])
    const [, address = ''] = await api.says(/at (\S+)\n/)
    direct = address
    w = await World.start('sqlite')
    const ada = await w.api('ada')
    const put = await ada.send('PUT', '/resources/graph', { graphql: SDL, upstream: direct })
    assert.equal(put.status, 200, put.text)
    const { id: by } = await w.person('ada')
    const { id: personId } = await w.person('sam')
    await publishPolicies(w.rooms.policy, { text: REFUND_DESK + RULES, by, note: 'graph' })
    const identifier = `${w.gateway}/graph`
    const detail = { type: 'remit_call', locations: [identifier], actions: ACTIONS, bounds: [] }
    await setCeiling(w.rooms.agents, { agentId: 'refund-bot', ceiling: [detail], by })
    const details = [detail] as unknown as Parameters<typeof grantBasis>[1]['details'] // as written above
    const basis = { personId, agentId: 'refund-bot', kind: 'consent', grantedBy: personId } as const
    await grantBasis(w.rooms.decisions, { ...basis, details })
    const task = await w.open({ details: [detail] })
    const token = (of: typeof task) => w.agent.token(of, identifier)
    gateway = await relayTo(w, { identifier, token }, task)
  })
  after(async () => {
    await api?.stop()
    await project?.remove()
    await w?.stop()
  })

  async function did(what: string, url: string): Promise<unknown> {
    const { code, out, said } = await project.run(['clients.mjs', what, url])
    assert.equal(code, 0, said)
    return JSON.parse(out)
  }

  it('G1: each audit of graphql-http has the result that it has without Remit', async () => {
    const without = await did('audits', direct)
    assert.ok(Object.keys(without as object).length >= 60)
    assert.deepEqual(await did('audits', gateway), without)
  })

  const said = [{ order: { id: '7', total: 12.5 } }, { refund: { id: '7', total: 3 } }, 'told']

  it('G1: Apollo Client reads, writes, hears what is wrong, and sends the text of what it sent as a hash', async () => {
    assert.deepEqual(await did('apollo', gateway), [said, said])
  })

  it('G1: urql reads by GET and by POST, with hashes and without, writes, and hears what is wrong', async () => {
    const each = [...said, null]
    assert.deepEqual(await did('urql', gateway), [each, each, each])
  })
})
