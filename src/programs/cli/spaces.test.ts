import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { World as Remit } from '../../../test/world.ts'
import { signedIn } from './testing.ts'

describe('remit spaces', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite', { development: false })
  })
  after(() => remit.stop())

  test('a tree of them is made, changed, shown, suspended and removed', async (t) => {
    const cli = await signedIn(t, remit)
    const spaces = async (...args: string[]) => {
      const ran = await cli.remit('spaces', ...args)
      assert.equal(ran.exit, 0, `${args.join(' ')}: ${ran.said}`)
      return ran
    }
    assert.match((await spaces('list')).out, /No spaces yet/)
    const everybody = ['--people', 'group:support', '--agents', 'refund-bot']
    const made = await spaces('create', 'acme', '--kind', 'organization', ...everybody)
    assert.match(made.said, /confirmed on a page/)
    assert.match(made.said, /✓ the space acme is there/)
    await spaces('create', 'desk', '--kind', 'workspace', '--in', 'acme', '--mode', 'intersection')
    const channel = await spaces(
      'create',
      'returns',
      '--kind',
      'channel',
      '--in',
      'desk',
      '--people',
      'Sam Support',
    )
    assert.match(channel.out, /channel in desk, in acme, active/)
    assert.match(channel.out, /mode {4}intersection: .* \(said above it\)/)
    assert.match(channel.out, /people {2}person:psn_/)

    const set = await spaces('set', 'returns', '--at-most', 'orders.read', '--mode', 'requester')
    assert.match(set.said, /✓ returns says so, also to tasks that run/)
    assert.match(set.out, /mode {4}requester: what the one who asks may do/)
    assert.match(set.out, /at most orders\.read/)
    const back = await spaces('set', 'returns', '--as-above', 'mode', 'details')
    assert.match(back.out, /mode {4}intersection/)
    assert.match(back.out, /at most no limit of its own/)
    assert.match((await spaces('show', 'returns')).out, /^returns/)

    assert.match((await spaces('suspend', 'returns', '--reason', 'odd')).said, /is suspended/)
    assert.match((await spaces('list')).out, /returns +channel +desk +as above +suspended/)
    assert.match((await spaces('resume', 'returns')).said, /goes on/)
    assert.match((await spaces('remove', 'desk')).said, /desk is removed/)
    const names = (await spaces('list', '--json')).json.spaces as { name: string; status: string }[] // as the API says
    assert.deepEqual(
      names.filter(({ status }) => status === 'active').map(({ name }) => name),
      ['acme'],
    )
  })

  test('a surface gets its secret once, states a thread that is listed, and is ended', async (t) => {
    const cli = await signedIn(t, remit)
    const made = await cli.remit('spaces', 'create', 'house', '--kind', 'organization')
    // There is one organization, and the other test may have been first.
    const space = made.exit === 0 ? 'house' : 'acme'
    const room = await cli.remit('spaces', 'create', 'room', '--kind', 'workspace', '--in', space)
    assert.equal(room.exit, 0, room.said)
    assert.match((await cli.remit('clients', 'list', '--target', 'room')).out, /None yet/)
    const args = ['chat-adapter', '--space', 'room', '--silent-after', '600', '--json']
    const added = await cli.remit('clients', 'add', 'surface', ...args)
    assert.equal(added.exit, 0, added.said)
    const { id, secret } = added.json as { id: string; secret: string } // as the API says
    assert.equal(id, 'chat-adapter')
    const listed = await cli.remit('clients', 'list', '--target', 'room')
    assert.match(listed.out, /chat-adapter +surface +.*600 s.* in use/)
    assert.ok(!listed.out.includes(secret))

    assert.match((await cli.remit('spaces', 'threads', 'room')).out, /No surface has stated/)
    const sam = await remit.person('sam')
    const state = () =>
      fetch(`${remit.issuer}/v1/spaces/room/threads/one`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          version: 1,
          requester: { id: sam.id },
          participants: [{ id: sam.id }],
          others: 2,
          agents: ['refund-bot'],
        }),
      })
    assert.equal((await state()).status, 200)
    const threads = await cli.remit('spaces', 'threads', 'room')
    assert.match(threads.out, /one +psn_\S+ +1 known, 2 not +refund-bot/)
    const ended = await cli.remit('clients', 'remove', id)
    assert.equal(ended.exit, 0, ended.said)
    assert.match((await cli.remit('clients', 'list', '--target', 'room')).out, /removed/)
    assert.equal((await state()).status, 401)
  })

  test('what cannot be meant is told, with the commands that there are', async (t) => {
    const cli = await signedIn(t, remit)
    for (const [args, exit, words] of [
      [
        ['add', 'x'],
        2,
        /no command `add` of `remit spaces`\n {2}there are: list, show, create, set, suspend, resume, remove, threads/,
      ],
      [
        ['creat', 'x'],
        2,
        /no command `creat` .*\n {2}did you mean `create`\?\n {2}there are: list/,
      ],
      [['create', 'x'], 2, /--kind/],
      [['create', 'x', '--kind', 'room'], 2, /organization, workspace, channel, direct/],
      [['set', 'x', '--as-above', 'title'], 2, /--as-above knows mode, people, agents, details/],
      [['show', 'nowhere'], 1, /nowhere/],
    ] as const) {
      const ran = await cli.remit('spaces', ...args)
      assert.equal(ran.exit, exit, `${args.join(' ')}: ${ran.said}`)
      assert.match(ran.said, words)
    }
  })
})
