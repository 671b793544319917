import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { World as Remit } from '../../../../test/world.ts'
import { signedIn } from '../testing.ts'

describe('remit resources mappings', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite', { development: false })
  })
  after(() => remit.stop())

  test('what the tools of a server say counts after a page was confirmed, and until it is ignored', async (t) => {
    const cli = await signedIn(t, remit)
    const trusted = async () => {
      const { json } = await cli.remit('resources', 'show', 'desk', '--json')
      return (json as { mappings_trusted: boolean }).mappings_trusted // as the API says
    }
    assert.equal(await trusted(), false)
    const yes = await cli.remit('resources', 'mappings', 'desk', '--trust')
    assert.equal(yes.exit, 0, yes.said)
    assert.match(yes.said, /confirmed on a page/)
    assert.match(yes.said, /✓ desk: what its tools say counts where decision points are asked/)
    assert.equal(await trusted(), true)
    const no = await cli.remit('resources', 'mappings', 'desk', '--ignore')
    assert.equal(no.exit, 0, no.said)
    assert.match(no.said, /✓ desk: what its tools say is ignored/)
    assert.equal(await trusted(), false)
  })

  test('neither, both, no MCP server, nobody: told as such', async (t) => {
    const cli = await signedIn(t, remit)
    for (const [args, exit, words] of [
      [['desk'], 2, /--trust or --ignore/],
      [['desk', '--trust', '--ignore'], 2, /--trust or --ignore/],
      [['nowhere', '--trust'], 1, /nowhere/],
      [['orders', '--trust'], 1, /MCP/],
    ] as const) {
      const ran = await cli.remit('resources', 'mappings', ...args)
      assert.equal(ran.exit, exit, `${args.join(' ')}: ${ran.said}`)
      assert.match(ran.said, words)
    }
    const sam = await signedIn(t, remit, 'sam')
    assert.match(
      (await sam.remit('resources', 'mappings', 'desk', '--trust')).said,
      /administrator/,
    )
  })

  test('what a server may ask of clients is set, shown and taken back, by administrators', async (t) => {
    const cli = await signedIn(t, remit)
    const asks = async () => {
      const { json } = await cli.remit('resources', 'show', 'desk', '--json')
      return (json as { server_asks: string }).server_asks // as the API says
    }
    assert.equal(await asks(), 'nothing')
    for (const [flag, words] of [
      ['sampling', "people and the client's model"],
      ['roots', 'people, and which folders the client works in'],
      ['both', "people, the client's model, and which folders it works in"],
      ['nothing', 'people only'],
    ] as const) {
      const set = await cli.remit('resources', 'server-asks', 'desk', `--${flag}`)
      assert.equal(set.exit, 0, set.said)
      assert.ok(set.said.includes(`✓ desk may ask ${words}`), set.said)
      assert.equal(await asks(), flag)
    }
    const http = await cli.remit('resources', 'server-asks', 'orders', '--both')
    assert.deepEqual([http.exit, /MCP/.test(http.said)], [1, true], http.said)
    const sam = await signedIn(t, remit, 'sam')
    const refused = await sam.remit('resources', 'server-asks', 'desk', '--both')
    assert.match(refused.said, /administrator/)
  })

  test('a group is made, shown with its names, and changed, by administrators', async (t) => {
    const cli = await signedIn(t, remit)
    const made = await cli.remit('resources', 'group', 'office', '--member', 'desk')
    assert.equal(made.exit, 0, made.said)
    assert.match(made.said, /✓ office offers desk at http\S+\/office/)
    const shown = await cli.remit('resources', 'show', 'office')
    assert.match(shown.out, /members +desk/)
    assert.match(shown.out, /desk__search_notes +desk\.search-notes/)
    const none = await cli.remit('resources', 'look-alikes', 'office')
    assert.match(none.said, /✓ office keeps look-alikes out/)
    const stranger = await cli.remit(
      'resources',
      'look-alikes',
      'office',
      '--let-in',
      'orders.read',
    )
    assert.match(stranger.said, /orders\.read/)
    assert.equal(stranger.exit, 1)
    assert.equal((await cli.remit('resources', 'group', 'office')).exit, 1, 'no member is named')
    const sam = await signedIn(t, remit, 'sam')
    const refused = await sam.remit('resources', 'group', 'office', '--member', 'desk')
    assert.match(refused.said, /administrator/)
  })
})
