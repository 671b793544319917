import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { addAgent, askAlone, spawn } from '../../../test/delegation.ts'
import { type PersonName, World as Remit } from '../../../test/world.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { StoredSessions } from './server/sessions.ts'
import { type Owner, sink, type TestCli, testCli } from './testing.ts'

// Work that is delegated, on the command line, against a server outside `remit dev`: what widens access is confirmed.

const HOUR = 3_600_000

interface User extends TestCli {
  /** The pages that were shown to be confirmed. */
  readonly confirmed: readonly string[]
}

/** Somebody who is signed in, and confirms what they are asked. */
async function userOf(owner: Owner, remit: Remit, name: PersonName): Promise<User> {
  const confirmed: string[] = []
  const talk = sink((text) => {
    const [page] = /\S+\/confirm\/\S+/.exec(text) ?? []
    if (page === undefined) return
    confirmed.push(page)
    void remit
      .browser(name)
      .then(async (browser) => browser.submit(await browser.get(page), /^Confirm/))
  })
  const cli = await testCli(owner, { REMIT_URL: remit.issuer }, { talk })
  const token = new Secret((await remit.api(name)).token)
  const expiresAt = new Date(cli.world.clock.now() + HOUR).toISOString()
  await new StoredSessions(cli.world).keep({ url: remit.issuer, token, expiresAt })
  return { ...cli, confirmed }
}

/** Task as the management API shows it. */
interface DelegatedTask {
  readonly id: string
  readonly agent: string
  readonly state: string
  readonly budget: readonly { readonly used: string }[]
}

describe('delegation, outside `remit dev`', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite', { development: false })
  })
  after(() => remit.stop())

  test('a sponsor grant is confirmed, lets the agent work, is shown, and ends what it began', async (t) => {
    const bot = await addAgent(remit, 'night-clerk', 'sam')
    const sam = await userOf(t, remit, 'sam')
    assert.match((await sam.remit('sponsor-grants', 'list')).out, /No sponsor grants/)
    const grant = ['sponsor-grants', 'grant', 'night-clerk', '--purpose', 'nightly list of orders']
    const given = await sam.remit(...grant, '--action', 'orders.list', '--expires', '30d', '--json')
    assert.equal(given.exit, 0, given.said)
    assert.equal(sam.confirmed.length, 1, 'on a page, once')
    assert.match(given.said, /night-clerk may work while no person is present, in your name/)
    const id = String(given.json.id)
    assert.match(id, /^spg_/)
    assert.deepEqual(given.json.rate, { tasks: 24, seconds: 86_400 }, 'which help says')
    const expires = Date.parse(String(given.json.expires_at)) - remit.clock.now()
    assert.ok(Math.abs(expires - 30 * 24 * HOUR) < HOUR)

    const opened = await askAlone(bot)
    assert.equal(opened.status, 200, opened.text)
    const { out } = await sam.remit('sponsor-grants', 'show', id)
    assert.match(out, /^nightly list of orders\n/)
    assert.match(out, /sponsor +Sam Support +psn_/)
    assert.match(out, /state +in force/)
    assert.match(out, /at most +24 tasks in 1 d/)
    assert.match(out, /opened +1 task, last just now/)
    assert.match(out, /next +at any moment/)
    assert.match(out, /What its tasks may do\n +orders\.list/)
    assert.match(out, /may hand on\n +whatever they may do themselves/)
    const listed = await sam.remit('sponsor-grants', 'list', '--agent', 'night-clerk')
    assert.match(listed.out, new RegExp(`${id} +night-clerk +in force +1 +at any moment`))
    const task = String(opened.body.task_id)
    assert.match((await sam.remit('tasks', 'show', task)).out, new RegExp(`under .*${id}`))

    const ended = await sam.remit('sponsor-grants', 'end', id, '--json')
    assert.deepEqual([ended.exit, ended.json], [0, { id, ended: true }])
    assert.equal(sam.confirmed.length, 1, 'ending is not confirmed')
    assert.equal((await askAlone(bot, id)).status, 400)
    assert.equal((await sam.remit('tasks', 'show', task, '--json')).json.state, 'closed')
    assert.match(
      (await sam.remit('sponsor-grants', 'show', id)).out,
      /state +ended[\s\S]*next +none/,
    )
    assert.equal((await sam.remit('sponsor-grants', 'end', id)).exit, 0, 'twice is no error')
  })

  test('a sponsor grant takes terms as people write them', async (t) => {
    await addAgent(remit, 'term-bot', 'sam')
    const sam = await userOf(t, remit, 'sam')
    const bounded = [{ path: '/order_id', op: 'eq', value: '1042' }]
    const locations = [remit.orders]
    const detail = { type: 'remit_call', locations, actions: ['orders.read'], bounds: bounded }
    await writeFile(join(sam.home, 'details.json'), JSON.stringify([detail]))
    const grant = ['sponsor-grants', 'grant', 'term-bot', '--purpose', 'x', '--expires', '7d']
    const given = await sam.remit(
      ...[...grant, '--details-file', 'details.json', '--rate', '2/1h', '--json'],
      ...['--schedule', 'mon-fri 22:00-06:00 Europe/Berlin', '--budget', 'calls=20'],
      ...['--delegate', 'orders.read', 'orders.list'],
    )
    assert.equal(given.exit, 0, given.said)
    const { budget, details, may_delegate, rate, schedule } = given.json
    assert.deepEqual(details, [detail])
    assert.deepEqual(may_delegate, [
      { type: 'remit_delegate', locations, actions: ['orders.read', 'orders.list'], bounds: [] },
    ])
    assert.deepEqual(rate, { tasks: 2, seconds: 3600 })
    assert.deepEqual(schedule, {
      days: ['mon', 'tue', 'wed', 'thu', 'fri'],
      from: '22:00',
      to: '06:00',
      zone: 'Europe/Berlin',
    })
    assert.deepEqual(budget, [{ name: 'calls', kind: 'calls', most: '20' }])
    const { out } = await sam.remit('sponsor-grants', 'show', String(given.json.id))
    assert.match(out, /when +mon, tue, wed, thu, fri 22:00–06:00 Europe\/Berlin/)
    assert.match(out, /budget +20 calls of each task/)
    const nothing = await sam.remit(...grant, '--action', 'orders.read', '--no-delegate')
    assert.match(nothing.out, /may hand on\n +nothing/)
    const asked = sam.confirmed.length
    for (const wrong of [
      grant,
      [...grant, '--action', 'orders.read', '--details-file', 'details.json'],
      [...grant, '--action', 'orders.read', '--rate', 'often'],
      [...grant, '--action', 'orders.read', '--schedule', 'at night'],
      [...grant, '--action', 'orders.read', '--budget', 'little'],
      [...grant, '--action', 'orders.read', '--no-delegate', '--delegate-file', 'details.json'],
      [...grant.slice(0, -1), 'soon', '--action', 'orders.read'],
      grant.slice(0, 3),
    ])
      assert.equal((await sam.remit(...wrong)).exit, 2, wrong.join(' '))
    assert.equal(sam.confirmed.length, asked, 'nothing was asked')
  })

  test('what others sponsor is neither seen nor ended, and no agent of others sponsored', async (t) => {
    await addAgent(remit, 'foreign-bot', 'ada')
    const [ada, nils] = [await userOf(t, remit, 'ada'), await userOf(t, remit, 'nils')]
    const grant = (...more: string[]) =>
      [
        'sponsor-grants',
        'grant',
        'foreign-bot',
        '--purpose',
        'x',
        '--expires',
        '7d',
        ...more,
      ] as const
    const given = await ada.remit(...grant('--action', 'orders.list', '--json'))
    const id = String(given.json.id)
    for (const act of ['show', 'end']) {
      const { exit, out, said } = await nils.remit('sponsor-grants', act, id)
      assert.deepEqual([exit, out], [1, ''])
      assert.match(said, /sponsor_grant\.unknown/)
    }
    assert.match((await nils.remit('sponsor-grants', 'list')).out, /No sponsor grants/)
    await writeFile(
      join(nils.home, 'details.json'),
      JSON.stringify([{ type: 'remit_call', locations: [remit.orders], actions: ['orders.list'] }]),
    )
    const own = await nils.remit(...grant('--details-file', 'details.json'))
    assert.equal(own.exit, 1)
    assert.match(own.said, /sponsor_grant\.not_permitted/)
    assert.match((await ada.remit('sponsor-grants', 'show', id)).out, /state +in force/)
  })

  test('a task is shown with all above and below it, to who may see them', async (t) => {
    const helper = await addAgent(remit, 'note-taker', 'nils')
    const root = await remit.open()
    const budget = [{ limit: 'calls', max: 5 }]
    const child = await spawn(remit, [remit.agent, root], helper, { purpose: 'write', budget })
    const leaf = await spawn(remit, [helper, child], remit.agent, { purpose: 'look' })
    const [sam, nils] = [await userOf(t, remit, 'sam'), await userOf(t, remit, 'nils')]
    const tree = async (user: User, id: string) => {
      const { json } = await user.remit('tasks', 'show', id, '--json')
      const shown = json.tree as { ancestors: DelegatedTask[]; descendants: DelegatedTask[] } // as: how it answers
      const ids = (list: readonly DelegatedTask[]) => list.map((each) => each.id)
      return [json.id, ids(shown.ancestors), ids(shown.descendants)]
    }
    assert.deepEqual(await tree(sam, root.id), [root.id, [], [child.id, leaf.id]])
    assert.deepEqual(await tree(sam, leaf.id), [leaf.id, [root.id, child.id], []])
    assert.deepEqual(await tree(nils, child.id), [child.id, [], [leaf.id]])
    const { out } = await sam.remit('tasks', 'show', child.id)
    const lines = out.split('\n').slice(-4)
    assert.match(
      lines[0] ?? '',
      new RegExp(`^ +refund-bot +${root.id} +open +– +refund order 1042`),
    )
    assert.match(
      lines[1] ?? '',
      new RegExp(`└ note-taker +${child.id} \\(this\\) +open +0 of 5 calls used +write`),
    )
    assert.match(lines[2] ?? '', new RegExp(`^ +└ refund-bot +${leaf.id} +open +– +look`))
    assert.match((await nils.remit('tasks', 'show', child.id)).out, /above it is not yours to see/)
    assert.match((await nils.remit('tasks', 'show', root.id)).said, /task\.unknown/)
    const alone = await remit.open()
    assert.match((await sam.remit('tasks', 'show', alone.id)).out, /none: it was opened by itself/)
  })

  test('a basis is listed with its id, and ended with what stands on it', async (t) => {
    const [sam, nils] = [await userOf(t, remit, 'sam'), await userOf(t, remit, 'nils')]
    const task = await remit.open()
    const { json, out } = await sam.remit('bases', 'list', '--json')
    const [basis] = json.bases as { id: string }[] // as: the answer of `bases.list`
    assert.ok(basis && out.includes(basis.id))
    assert.match(
      (await sam.remit('bases', 'list')).out,
      new RegExp(`${basis.id} +refund-bot +consent`),
    )
    assert.match((await nils.remit('bases', 'end', basis.id)).said, /basis\.unknown/)
    const ended = await sam.remit('bases', 'end', basis.id, '--json')
    assert.deepEqual(ended.json, { id: basis.id, ended: true })
    const { json: closed } = await sam.remit('tasks', 'show', task.id, '--json')
    assert.deepEqual([closed.state, closed.close_reason], ['closed', 'basis.ended'])
  })
})
