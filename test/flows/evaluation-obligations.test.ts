import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import type { OpenTask } from '../agent.ts'
import { Pep } from '../conformance/authzen/pdp.ts'
import { inEachWorld, type World } from '../world.ts'

// What a permit obliges to, said to enforcement points of others (AuthZEN Obligations Profile, draft 1).

interface DecisionContext {
  readonly reason?: string
  readonly acr_values?: string
  readonly obligations?: readonly { id: string; type: string; properties: object }[]
}

/** Publishes one more rule beside those in force. */
async function publish(w: World, rule: string): Promise<void> {
  const ada = await w.api('ada')
  const { body } = await ada.send('GET', '/policies/active')
  const answer = await ada.send('POST', '/policies', { text: `${String(body.text)}\n${rule}` })
  assert.equal(answer.status, 200, answer.text)
}

const SUPPORT = '(principal in Group::"support", action == Action::"orders.read", resource)'

inEachWorld('obligations of permits, to whoever asks about a call', (world) => {
  let pep: Pep
  let taking: Pep
  let task: OpenTask
  let sam: string
  before(async () => {
    const w = world()
    pep = await Pep.add(w, 'mesh', { namesTasks: true })
    taking = await Pep.add(w, 'taking', { namesTasks: true, takes: true })
    task = await w.open()
    sam = (await w.person('sam')).id
  })

  async function ask(who: Pep, ...supported: readonly string[]) {
    const declared = supported.length === 0 ? {} : { supported_obligations: supported }
    const answer = await who.evaluate({
      subject: { type: 'user', id: sam },
      action: { name: 'orders.read' },
      resource: { type: 'resource', id: 'orders' },
      context: { task: task.id, args: { order_id: '1042' }, ...declared },
    })
    assert.equal(answer.status, 200, answer.text)
    const said = answer.body.context as DecisionContext // as: ours
    return { permitted: answer.body.decision, ...said }
  }

  it('are told to those who can do them; to all others the answer is no', async () => {
    const custom = 'https://rules.example/watermark'
    await publish(
      world(),
      `@id("veil") @redact("/customer/name") @obligation("${custom} draft") permit ${SUPPORT};`,
    )
    for (const supported of [[], ['notification'], ['teleport', 'redact']]) {
      const { obligations, permitted, reason } = await ask(pep, ...supported)
      assert.deepEqual([permitted, reason, obligations], [false, 'obligation.unknown', undefined])
    }
    const { obligations, permitted } = await ask(pep, 'custom')
    assert.equal(permitted, true)
    assert.deepEqual(
      obligations?.map(({ properties, type }) => ({ type, properties })),
      [
        { type: 'custom', properties: { value: 'draft', type: custom } },
        { type: 'custom', properties: { paths: '/customer/name', type: 'redact' } },
      ],
    )
    const found = await pep.search('action', {
      subject: { type: 'user', id: sam },
      resource: { type: 'resource', id: 'orders' },
      context: { task: task.id, args: { order_id: '1042' }, supported_obligations: ['custom'] },
    })
    const results = found.body.results as { name: string; obligations?: unknown[] }[] // as: ours
    assert.equal(results.find(({ name }) => name === 'orders.read')?.obligations?.length, 2)
    assert.equal(results.find(({ name }) => name === 'orders.watch')?.obligations, undefined)
  })

  it('telling people is left to whoever enforces by the answer, and to Remit where it decides the call', async () => {
    await publish(world(), `@id("tell") @notify("group:finance") permit ${SUPPORT};`)
    assert.equal((await ask(pep, 'custom')).reason, 'obligation.unknown')
    const told = await ask(pep, 'custom', 'notification')
    const [notification] = told.obligations?.filter(({ type }) => type === 'notification') ?? []
    assert.deepEqual(
      [told.permitted, notification?.properties],
      [
        true,
        {
          to: 'group:finance',
          topic: 'a call was permitted',
          body: 'A call was permitted that you are told of (tell#notify).',
        },
      ],
    )
    const left = await ask(taking, 'custom')
    assert.equal(left.permitted, true)
    assert.ok(!left.obligations?.some(({ type }) => type === 'notification'))
  })

  it('a better sign-in is asked for beside the denial', async () => {
    await publish(world(), `@id("strong") @step_up("urn:loa:3") permit ${SUPPORT};`)
    const plain = await ask(pep, 'custom', 'notification')
    assert.deepEqual([plain.permitted, plain.reason], [false, 'step_up.required'])
    assert.deepEqual([plain.acr_values, plain.obligations], ['urn:loa:3', undefined])
    const able = await ask(pep, 'custom', 'notification', 'step-up')
    assert.equal(able.permitted, false)
    assert.deepEqual(able.obligations, [
      { id: 'step-up', type: 'step-up', properties: { acr_value: 'urn:loa:3' } },
    ])
  })
})
