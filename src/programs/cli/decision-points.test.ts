import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { World as Remit } from '../../../test/world.ts'
import { says, TestPoint } from '../../extensions/decision-points/testing.ts'
import { signedIn } from './testing.ts'

describe('remit decision-points', () => {
  let remit: Remit
  const point = new TestPoint()
  let url = ''
  before(async () => {
    remit = await Remit.start('sqlite', { development: false })
    url = await point.listen()
  })
  after(async () => {
    await point.close()
    await remit.stop()
  })

  test('one is added with a credential, asked about a call, listed, and removed after a page was confirmed', async (t) => {
    const cli = await signedIn(t, remit)
    const points = (...args: string[]) => cli.remit('decision-points', ...args)
    assert.match((await points('list')).out, /No external service is asked/)
    const limits = ['--action', 'orders.refund', '--timeout', '4000', '--no-arguments']
    const added = await cli.piped(
      'canary-of-the-point\n',
      ...[
        'decision-points',
        'add',
        'opa',
        '--endpoint',
        url,
        '--bearer',
        '--from-file',
        '-',
        ...limits,
      ],
    )
    assert.equal(added.exit, 0, added.said)
    assert.match(added.said, /confirmed on a page/)
    assert.match(added.said, /✓ opa is asked about orders\.refund/)
    const listed = await points('list')
    assert.match(listed.out, /opa +http:\S+ +orders\.refund +4000 ms +not told +asked/)
    assert.ok(!listed.out.includes('canary'))

    const task = await remit.open()
    const refund = () =>
      remit.agent.call(task, 'POST', '/orders/orders/1042/refunds', { body: '{"amount": 1.00}' })
    assert.equal((await remit.agent.call(task, 'GET', '/orders/orders/1042')).status, 200)
    assert.equal(point.asked.length, 0, 'it is for another action')
    assert.equal((await refund()).status, 201)
    const [asked] = point.asked
    assert.equal(asked?.headers.authorization, 'Bearer canary-of-the-point')
    assert.ok(!asked.text.includes('"arguments"'))
    point.answering = says({ decision: false })
    assert.equal((await refund()).status, 403)

    const removed = await points('remove', 'opa')
    assert.equal(removed.exit, 0, removed.said)
    assert.match((await points('list')).out, /No external service is asked/)
    assert.equal((await refund()).status, 201)
  })

  test('what cannot be meant is told', async (t) => {
    const cli = await signedIn(t, remit)
    const points = (...args: string[]) => cli.remit('decision-points', ...args)
    for (const [args, exit, words] of [
      [['add', 'opa'], 2, /--endpoint/],
      [['add', 'opa', '--endpoint', url, '--timeout', 'long'], 2, /from 50 to 5000/],
      [['add', 'Opa!', '--endpoint', url], 1, /name/],
      [['add', 'opa', '--endpoint', 'not-an-address'], 1, /decision_point|address|url/i],
      [['remove', 'nobody'], 1, /nobody/],
      [
        ['delete', 'opa'],
        2,
        /no command `delete` of `remit decision-points`\n {2}there are: list, add, remove/,
      ],
    ] as const) {
      const ran = await points(...args)
      assert.equal(ran.exit, exit, `${args.join(' ')}: ${ran.said}`)
      assert.match(ran.said, words)
    }
    const { said } = await (await signedIn(t, remit, 'sam')).remit('decision-points', 'list')
    assert.match(said, /administrator/)
  })
})
