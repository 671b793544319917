import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { catalogParts } from '../../catalog/catalog/testing.ts'
import { applyImport } from '../../catalog/catalog-changes/index.ts'
import { planServer, tool } from '../../catalog/catalog-changes/mcp/testing.ts'
import { signInPerson } from '../../identity/identity-providers/index.ts'
import { addMember, createGroup } from '../../identity/people/index.ts'
import { testPeople } from '../../identity/people/testing.ts'
import { suspendPerson } from '../../identity/sessions/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import type { Mistake } from '../cedar/findings.ts'
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
      'ask 4 there is no group `finance`, so no one in it could answer',
    ])
    const alone = asking('manager').replace('@quorum', '@break_glass("group:on-call") @quorum')
    assert.deepEqual(await warned(alone), [
      'ask 4 there is no group `on-call`, so no one in it could answer',
    ])
    await createGroup(parts, { name: 'finance', description: '', by })
    const empty = 'ask 4 no one is in the group `finance`, so no one in it could answer'
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
      /not known here/,
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
        ...[
          'self-registered-clients-ask-for-high',
          'bearer-tokens-ask-for-high',
          'support-orders',
          'refund-bot-for-support',
        ],
        'large-refunds-ask',
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
    const agent = 'two 3 there is no such agent, so `Agent::"bot"` means no one'
    assert.deepEqual(await warned(), [
      'one 2 there is no such group, so `Group::"suport"` means no one',
      agent,
    ])
    await createGroup(parts, { name: 'suport', description: '', by })
    assert.deepEqual(await warned(), [agent])
  })
})

forEachEngine('rules about parts of answers', (open) => {
  async function begin(t: TestContext) {
    const storage = await open()
    const parts = await catalogParts(storage)
    t.after(() => parts.live.stop())
    await applyImport(parts, ORDERS_PLAN, by)
    const found = { type: 'object', properties: { email: { type: 'string' } } }
    const plan = planServer(
      { tools: [tool('find', {}, { outputSchema: found }), tool('ask')] },
      { name: 'crm', identifier: 'http://127.0.0.1:7481/crm' },
    )
    await applyImport(parts, plan, by)
    const schema = schemaFor([...ORDERS_PLAN.actions, ...plan.actions])
    return async (annotation: string, scope: string) => {
      const text = `@id("r")\n${annotation}\npermit (principal, ${scope});`
      const { mistakes, warnings } = await checkPolicies(storage.read, { text, schema })
      const told = ({ column, help, line, message }: Mistake) =>
        `${line}:${column} ${message}${help === undefined ? '' : ` (${help})`}`
      return { mistakes: mistakes.map(told), warnings: warnings.map(told) }
    }
  }
  const READ = 'action == Action::"orders.read", resource'
  const FINE = { mistakes: [], warnings: [] }

  it('are refused where they name what no answer has, with what was probably meant', async (t) => {
    const check = await begin(t)
    for (const [annotation, scope, mistake] of [
      [
        '@redact("/cutsomer/name /id")',
        READ,
        '2:10 `/cutsomer/name`: no answer of `orders.read` has `cutsomer` there, so nothing would be done (did you mean `customer`?)',
      ],
      [
        '@redact("/id /customer/nome")',
        READ,
        '2:14 `/customer/nome`: no answer of `orders.read` has `nome` there, so nothing would be done (did you mean `name`?)',
      ],
      [
        '@hash("/xyzzy")',
        'action == Action::"crm.find", resource',
        '2:8 `/xyzzy`: no answer of `crm.find` has `xyzzy` there, so nothing would be done (there are: email)',
      ],
      [
        '@cap("/customer 5")',
        READ,
        '2:7 `/customer`: it is never a list in answers of `orders.read`, so nothing would be done',
      ],
    ] as const)
      assert.deepEqual(await check(annotation, scope), { mistakes: [mistake], warnings: [] })
    const two = 'action in [Action::"orders.read", Action::"orders.list"], resource'
    const { mistakes } = await check('@redact("/nothing")', two)
    assert.match(mistakes[0] ?? '', /, nor in those of 1 more, so nothing/)
  })

  it('are fine where one of the actions has it, in answers to errors too', async (t) => {
    const check = await begin(t)
    for (const [annotation, scope] of [
      ['@redact("/customer/name /lines/*/price /detail")', READ],
      ['@cap("/lines 5")', READ],
      [
        '@redact("/orders/customer/name")',
        'action in [Action::"orders.read", Action::"orders.list"], resource',
      ],
      ['@redact("/email")', 'action == Action::"crm.find", resource'],
      ['@redact("/customer/name")', 'action, resource == Resource::"orders"'],
    ] as const)
      assert.deepEqual(await check(annotation, scope), FINE, annotation)
  })

  it('are warned of where nothing is known, or what will be there is not', async (t) => {
    const check = await begin(t)
    const unknown = await check('@redact("/email /name")', 'action == Action::"crm.ask", resource')
    assert.deepEqual(unknown.mistakes, [])
    assert.match(
      unknown.warnings.join(),
      /2:10 whether answers of `crm.ask` have `\/email`, `\/name` is not known/,
    )
    const all = await check('@redact("/xyzzy")', 'action, resource == Resource::"orders"')
    assert.deepEqual(all.mistakes, [])
    // One of them streams, and says nothing of what it sends.
    assert.match(all.warnings.join(), /is not known/)
  })
})
