import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertRefused } from '../../../test/refusals.ts'
import { inEachWorld } from '../../../test/world.ts'
import type { ProblemCode } from '../../platform/lib/problem.ts'
import { OPERATIONS } from '../../programs/every-operation.ts'

/**
 * Answers of each operation that reads, to somebody who is signed in and in no group. `own`: only
 * what is theirs, here nothing. `catalog`: what agents call APIs by. `open`: nobody's secret.
 * Otherwise the code of the refusal.
 */
const SEEN: Readonly<Record<string, 'own' | 'catalog' | 'open' | ProblemCode>> = {
  'session.show': 'own',
  'confirmations.show': 'confirmation.unknown',
  'groups.list': 'own',
  'agents.list': 'own',
  'agents.show': 'agent.unknown',
  'resources.list': 'catalog',
  'resources.show': 'catalog',
  'tasks.list': 'own',
  'tasks.show': 'task.unknown',
  'tasks.tree': 'task.unknown',
  'tasks.limits': 'task.unknown',
  'decisions.list': 'own',
  'decisions.explain': 'decision.unknown',
  'requests.list': 'own',
  'requests.show': 'approval.unknown',
  'requests.figures': 'own',
  'bases.list': 'own',
  'sponsorships.list': 'own',
  'sponsorships.show': 'sponsor_grant.unknown',
  'allowances.list': 'own',
  'allowances.show': 'allowance.unknown',
  'breakglass.list': 'own',
  'channels.list': 'own',
  'standins.list': 'own',
  'notices.list': 'own',
  'limits.list': 'own',
  'ledger.checkpoint': 'open',
}

inEachWorld('what a person in no group may read', (world) => {
  /** Makes something of everything, of others. */
  async function begin() {
    const w = world()
    const ada = await w.api('ada')
    const task = await w.open()
    const call = await w.agent.call(task, 'GET', '/orders/orders/1042')
    return {
      w,
      ada,
      nils: await w.api('nils'),
      task,
      decision: String(call.headers['remit-decision']),
    }
  }

  it('is said of every operation that reads, by name', () => {
    const read = OPERATIONS.filter(({ method, who }) => method === 'GET' && who !== 'administrator')
    assert.deepEqual(read.map(({ id }) => id).toSorted(), Object.keys(SEEN).toSorted())
  })

  it('is nothing of others: no address behind the gateway, no connection, no agent, no ceiling', async () => {
    const { ada, decision, nils, task } = await begin()
    const { resources } = (await ada.send('GET', '/resources')).body as {
      resources: { name: string; upstream: string; connection: string | null }[]
    }
    const hidden = [
      ...resources.flatMap(({ connection, upstream }) => [upstream, connection ?? upstream]),
      ...['refund-bot', 'psn_', 'group:', task.id, decision],
    ]
    const { id: me } = await world().person('nils')
    const ids: Record<string, string> = { tasks: task.id, decisions: decision }
    for (const [id, seen] of Object.entries(SEEN)) {
      const operation = OPERATIONS.find((each) => each.id === id) ?? assert.fail(id)
      const [room = ''] = operation.path.split('/').filter(Boolean)
      const path = operation.path
        .replace(':name', room === 'agents' ? 'refund-bot' : 'orders')
        .replace(':id', ids[room] ?? 'xyz_unknown')
      const answer = await nils.send('GET', path)
      if (seen !== 'own' && seen !== 'catalog' && seen !== 'open') {
        assertRefused(answer, seen, id)
        assert.equal(answer.status, 404, id)
        continue
      }
      assert.equal(answer.status, 200, `${id} ${answer.text}`)
      const text = answer.text.replaceAll(me, '')
      if (seen !== 'open')
        for (const each of hidden) assert.ok(!text.includes(each), `${id}: ${each}`)
    }
  })

  it('are agents that they answer for, with all that is to know', async () => {
    const { ada, nils, w } = await begin()
    const { id: owner } = await w.person('nils')
    const body = { name: 'nils-bot', description: '', owner, trust: 1, ceiling: [] }
    assert.equal((await ada.send('POST', '/agents', body)).status, 200)
    assert.match((await nils.send('GET', '/agents')).text, /"nils-bot"/)
    assert.equal((await nils.send('GET', '/agents/nils-bot')).status, 200)
    assert.doesNotMatch((await nils.send('GET', '/agents?dated=yes')).text, /refund-bot/)
    assert.doesNotMatch((await nils.send('GET', '/agents?client=https://a.example/c')).text, /bot/)
    assert.match((await ada.send('GET', '/agents')).text, /"refund-bot"/)
    assert.match((await ada.send('GET', '/resources/orders')).text, /"upstream":"http/)
  })
})
