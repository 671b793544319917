import assert from 'node:assert/strict'
import { it } from 'node:test'
import { addMember, createGroup, signInPerson, suspendPerson } from '../people/index.ts'
import { testPeople } from '../people/testing.ts'
import { forEachEngine } from '../storage/testing.ts'
import { checkPolicies } from './check.ts'
import { schemaFor } from './schema.ts'
import { ORDERS_PLAN, REFUND_DESK } from './testing.ts'

const by = 'operator'
const schema = schemaFor(ORDERS_PLAN.actions)

function asking(approvers: string, quorum = 1): string {
  return `// one\n@id("ask")\n@requestable("")\n@approvers("${approvers}")\n@quorum("${quorum}")\nforbid (principal is Person, action, resource);`
}

forEachEngine('rules that ask people', (open) => {
  it('warn, where it stands, while nobody could answer', async () => {
    const parts = await testPeople(await open())
    const { read } = parts.storage
    const warned = async (text: string) => {
      const { mistakes, warnings } = await checkPolicies(read, { text, schema })
      assert.deepEqual(mistakes, [])
      return warnings.map(({ line, message, policy }) => `${policy} ${line} ${message}`)
    }
    const person = (subject: string) =>
      signInPerson(parts, { issuer: 'https://idp.example', subject, issuedAt: 1 })
    const [fiona, finn] = [await person('fiona'), await person('finn')]

    assert.deepEqual(await warned(asking('group:finance')), [
      'ask 4 there is no group `finance`, so nobody of it could answer',
    ])
    await createGroup(parts, { name: 'finance', description: '', by })
    const empty = 'ask 4 nobody is in the group `finance`, so nobody of it could answer'
    assert.deepEqual(await warned(asking('group:finance')), [empty])
    assert.deepEqual(await warned(asking(`group:finance, person:${fiona.id}`)), [empty])

    await addMember(parts, { personId: fiona.id, group: 'finance', by })
    assert.deepEqual(await warned(asking('group:finance')), [])
    const few = ['ask 4 1 of the 2 people that `@quorum` asks for could answer']
    assert.deepEqual(await warned(asking('group:finance', 2)), few)
    assert.deepEqual(
      await warned(asking(`group:finance, person:${fiona.id}`, 2)),
      few,
      'nobody counts twice',
    )
    assert.deepEqual(await warned(asking(`group:finance, person:${finn.id}`, 2)), [])

    await suspendPerson(parts, { personId: fiona.id, by, reason: 'test' })
    assert.deepEqual(await warned(asking('group:finance')), [empty])
    assert.match((await warned(asking(`person:${fiona.id}`))).join(), /is suspended/)
    assert.match(
      (await warned(asking('person:psn_0000000000000000000000'))).join(),
      /nobody who is/,
    )
  })

  it('are warned of together with what else is odd, in the order of the text; mistakes come alone', async () => {
    const parts = await testPeople(await open())
    const { read } = parts.storage
    const shipped = await checkPolicies(read, { text: REFUND_DESK, schema })
    assert.deepEqual(
      shipped.warnings.map(({ policy }) => policy),
      [
        ...['critical-actions-ask', 'unusual-writes-ask', 'external-agents-ask-before-writing'],
        ...['support-orders', 'refund-bot-for-support', 'large-refunds-ask'],
      ],
    )
    const broken = await checkPolicies(read, { text: `${REFUND_DESK} permit (`, schema })
    assert.ok(broken.mistakes.length > 0)
    assert.deepEqual(broken.warnings, [])
  })

  it('that name a group or an agent that is not there are warned of, once for each name', async () => {
    const parts = await testPeople(await open())
    const text = `// Group::"in-a-comment"
@id("one") permit (principal in Group::"suport", action, resource); // "Agent::"
@id("two") permit (principal == Agent::"bot", action, resource)
  when { context has person && context.person in Group::"suport" };`
    const warned = async () => {
      const { mistakes, warnings } = await checkPolicies(parts.storage.read, { text, schema })
      assert.deepEqual(mistakes, [])
      return warnings.map(({ line, message, policy }) => `${policy} ${line} ${message}`)
    }
    const agent = 'two 3 there is no such agent, so `Agent::"bot"` is nobody'
    assert.deepEqual(await warned(), [
      'one 2 there is no such group, so `Group::"suport"` is nobody',
      agent,
    ])
    await createGroup(parts, { name: 'suport', description: '', by })
    assert.deepEqual(await warned(), [agent])
  })
})
