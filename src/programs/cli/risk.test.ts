import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { World as Remit } from '../../../test/world.ts'
import { signedIn } from './testing.ts'

describe('remit risk', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite', { development: false })
  })
  after(() => remit.stop())

  test('a signal is raised, listed, felt by a call, and taken back after a page was confirmed', async (t) => {
    const cli = await signedIn(t, remit)
    assert.match((await cli.remit('risk', 'list')).out, /There are no signals/)
    const about = ['agent:refund-bot', 'leaked-key']
    const raised = await cli.remit('risk', 'raise', ...about, 'critical', '--expires', '12h')
    assert.equal(raised.exit, 0, raised.said)
    assert.match(
      raised.said,
      /✓ leaked-key \(critical\) is raised about agent:refund-bot; it ends in/,
    )

    const listed = await cli.remit('risk', 'list', '--json')
    const [signal] = listed.json.signals as { source: string; level: string }[] // as the API says
    assert.equal(signal?.level, 'critical')
    assert.match(
      (await cli.remit('risk', 'list')).out,
      /agent:refund-bot +leaked-key +critical +\S+ +in 1[12] /,
    )

    const task = await remit.open()
    assert.equal((await remit.agent.call(task, 'GET', '/orders/orders/1042')).status, 200)
    const decisions = await cli.remit('decisions', 'list', '--json')
    const [{ id = '' } = {}] = decisions.json.decisions as { id?: string }[] // as the API says
    const told = await cli.remit('decisions', 'explain', id, '--json')
    assert.match(JSON.stringify(told.json), /leaked-key/)

    const ended = await cli.remit('risk', 'end', ...about, '--source', signal?.source ?? '')
    assert.equal(ended.exit, 0, ended.said)
    assert.match(
      ended.said,
      /confirmed on a page(?:.|\n)*✓ leaked-key about agent:refund-bot is taken back/,
    )
    assert.match((await cli.remit('risk', 'list')).out, /There are no signals/)
  })

  test('a source gets its secret once, and is ended', async (t) => {
    const cli = await signedIn(t, remit)
    const ofSources = ['clients', 'list', '--kind', 'signal-source']
    assert.doesNotMatch((await cli.remit(...ofSources)).out, /our-siem/)
    const added = await cli.remit('clients', 'add', 'signal-source', 'our-siem', '--json')
    assert.equal(added.exit, 0, added.said)
    const { secret } = added.json as { secret: string } // as the API says
    const raise = () =>
      fetch(`${remit.issuer}/v1/risk-signals`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          subject: { kind: 'agent', id: 'refund-bot' },
          signal: 'odd',
          level: 'low',
          expires_at: new Date(remit.clock.now() + 3_600_000).toISOString(),
        }),
      })
    assert.equal((await raise()).status, 200)
    const listed = await cli.remit(...ofSources)
    assert.match(listed.out, /our-siem .*in use/)
    assert.ok(!listed.out.includes(secret))
    assert.equal((await cli.remit('clients', 'remove', 'our-siem')).exit, 0)
    assert.match((await cli.remit(...ofSources)).out, /our-siem .*removed/)
    assert.equal((await raise()).status, 401)
  })

  test('what cannot be meant is told, and nothing is raised', async (t) => {
    const cli = await signedIn(t, remit)
    const raise = (...args: string[]) => cli.remit('risk', 'raise', ...args)
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['refund-bot', 'x', 'low', '--expires', '1h'], /does not say what it is about/],
      [['agent:refund-bot', 'x', 'lots', '--expires', '1h'], /low, medium, high, critical/],
      [['agent:refund-bot', 'x', 'low'], /--expires/],
      [['agent:refund-bot', 'x', 'low', '--expires', 'soon'], /soon/],
    ]
    for (const [args, words] of wrong) {
      const { exit, said } = await raise(...args)
      assert.deepEqual([exit, words.test(said)], [2, true], said)
    }
    const nobody = await raise('agent:nobody', 'x', 'low', '--expires', '1h')
    assert.equal(nobody.exit, 1, nobody.said)
    const unknown = await cli.remit('risk', 'add')
    assert.equal(unknown.exit, 2)
    assert.match(unknown.said, /no command `add` of `remit risk`\n {2}there are: list, raise, end/)
  })

  test('only administrators', async (t) => {
    const cli = await signedIn(t, remit, 'sam')
    const { exit, said } = await cli.remit('risk', 'list')
    assert.equal(exit, 1)
    assert.match(said, /administrator/)
  })
})
