import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { World as Remit } from '../../../../test/world.ts'
import { Shadow } from '../../../extensions/analysis/index.ts'
import { Secret } from '../../../platform/lib/secret.ts'
import { StoredSessions } from '../server/sessions.ts'
import { type Owner, type TestCli, testCli } from '../testing.ts'

// What the commands say about real calls, beside a whole Remit.

describe('policies and real calls', () => {
  let remit: Remit
  let live = ''
  before(async () => {
    remit = await Remit.start('sqlite')
    const set = await (await remit.api('ada')).send('GET', '/policies/active')
    live = String(set.body.text)
    const task = await remit.open()
    const call = (method: string, path: string, body?: string) =>
      remit.agent.call(task, method, path, body === undefined ? {} : { body })
    await call('GET', '/orders/orders/1042')
    await call('POST', '/orders/orders/1042/refunds', '{"amount": 40.00}')
    await call('POST', '/orders/orders/1042/refunds', '{"amount": 900.00}')
  })
  after(() => remit.stop())

  async function adaAt(owner: Owner): Promise<TestCli> {
    const cli = await testCli(owner, { REMIT_URL: remit.issuer, REMIT_GATEWAY: remit.gateway })
    const { token } = await remit.api('ada')
    const expiresAt = new Date(cli.world.clock.now() + 3_600_000).toISOString()
    await new StoredSessions(cli.world).keep({
      url: remit.issuer,
      token: new Secret(token),
      expiresAt,
    })
    await writeFile(join(cli.home, 'live.cedar'), live)
    const forbid = `@id("no-reading") forbid (principal is Agent, action == Action::"orders.read", resource);`
    await writeFile(join(cli.home, 'draft.cedar'), `${live}\n${forbid}\n`)
    return cli
  }

  test('replay says what would change, and that nothing would', async (t) => {
    const cli = await adaAt(t)
    const same = await cli.remit('policy', 'replay', 'live.cedar')
    assert.equal(same.exit, 0, same.said)
    assert.match(same.out, /^✓ 3 decisions stay as they are/)
    const other = await cli.remit('policy', 'replay', 'draft.cedar', '--since', '1d')
    assert.equal(other.exit, 0, other.said)
    assert.match(other.out, /^1 of 3 decisions would change; 2 stay as they are/)
    assert.match(
      other.out,
      /Newly denied\n +✗ 1 × refund-bot orders\.read\n +forbidden by no-reading\n +e\.g\. dec_/,
    )
    assert.match(other.out, /People would be asked once a day; now once/)
    const nobody = await cli.remit('policy', 'replay', 'draft.cedar', '--agent', 'nobody')
    assert.match(nobody.out, /Nothing in that time can be decided again/)
  })

  test('replay of what does not validate, of nothing, of a draft that is not there', async (t) => {
    const cli = await adaAt(t)
    await writeFile(
      join(cli.home, 'bad.cedar'),
      '@id("x") permit (principal, action, resource) when { nonsense };',
    )
    const bad = await cli.remit('policy', 'replay', 'bad.cedar')
    assert.equal(bad.exit, 1)
    assert.match(bad.said, /line 1/)
    assert.equal((await cli.remit('policy', 'replay')).exit, 2)
    assert.equal((await cli.remit('policy', 'replay', 'draft.cedar', '--since', 'soon')).exit, 2)
    assert.match((await cli.remit('policy', 'replay', '--draft', '99')).said, /no draft 99/)
  })

  test('replays that are asked for at once: one is made, whoever comes too late is told', async (t) => {
    const cli = await adaAt(t)
    const ran = await Promise.all([1, 2, 3].map(() => cli.remit('policy', 'replay', 'draft.cedar')))
    assert.ok(ran.some(({ exit }) => exit === 0))
    for (const { exit, said } of ran)
      if (exit !== 0) assert.match(said, /policy\.replay_running|already runs a replay/)
    assert.equal((await cli.remit('policy', 'replay', 'live.cedar')).exit, 0)
  })

  test('a shadow is started, sees a call, is told about and stopped', async (t) => {
    const cli = await adaAt(t)
    assert.match((await cli.remit('policy', 'shadow', 'status')).out, /No draft was ever started/)
    const started = await cli.remit('policy', 'shadow', 'start', 'draft.cedar')
    assert.match(started.said, /✓ draft 1 runs beside version \d+; no answer changes/)
    const { shadow } = remit.rooms.decisions
    assert.ok(shadow instanceof Shadow)
    await shadow.settled()
    const task = await remit.open()
    assert.equal((await remit.agent.call(task, 'GET', '/orders/orders/1042')).status, 200)
    await shadow.settled()
    await shadow.flush()
    const status = await cli.remit('policy', 'shadow', 'status')
    assert.match(status.out, /^draft 1 beside version \d+: running/)
    assert.match(status.out, /1 of 1 calls would have been answered differently/)
    assert.match(status.out, /✗ 1 × refund-bot orders\.read\n +forbidden by no-reading/)
    const stopped = await cli.remit('policy', 'shadow', 'stop')
    assert.match(stopped.out, /^draft 1 beside version \d+: stopped/)
    assert.match((await cli.remit('policy', 'replay', '--draft', '1')).out, /no-reading/)
  })

  test('who can, what can, and what would have been enough', async (t) => {
    const cli = await adaAt(t)
    const who = await cli.remit('policy', 'who', 'refund')
    assert.equal(who.exit, 0, who.said)
    assert.match(who.out, /Who could ever do orders\.refund/)
    assert.match(who.out, /Sam Support/)
    assert.ok(!who.out.includes('Nils Nobody'))
    assert.match(who.out, /asks group:finance context\.args\.amount\.greaterThan/)
    const what = await cli.remit('policy', 'what', '--agent', 'refund-bot')
    assert.match(what.out, /✓ orders\.refund high/)
    assert.match(what.out, /for Sam Support \(basis\)/)
    const out = await cli.remit(
      'policy',
      'suggest',
      '--agent',
      'refund-bot',
      '--out',
      'ceiling.json',
    )
    assert.equal(out.exit, 0, out.said)
    assert.match(out.out, /− orders\.list {2}not used/)
    assert.match(out.out, /✓ it permits \d+ of these \d+ calls, and no action that was not used/)
    const ceiling = JSON.parse(await readFile(join(cli.home, 'ceiling.json'), 'utf8'))
    assert.deepEqual(ceiling.flatMap(({ actions }: { actions: string[] }) => actions).toSorted(), [
      'orders.read',
      'orders.refund',
    ])
    const set = await cli.remit('agents', 'limits', 'refund-bot', '--ceiling-file', 'ceiling.json')
    assert.equal(set.exit, 0, set.said)
  })

  test('narrower rules are suggested as a difference, written as a text that can be published, with what is not known', async (t) => {
    const cli = await adaAt(t)
    const args = ['policy', 'suggest', '--agent', 'refund-bot', '--policy']
    const ran = await cli.remit(...args, '--out', 'narrower.cedar')
    assert.equal(ran.exit, 0, ran.said)
    assert.match(
      ran.out,
      /was permitted \d+ calls in 30d: by what it did, version \d+ could become/,
    )
    assert.match(ran.out, /~ refund-bot-orders {2}changed|~ [\w-]+ {2}changed/)
    assert.match(ran.out, /orders\.refund {2}1 calls: too few to say anything about arguments/)
    assert.match(ran.out, /✓ it permits all of these \d+ calls/)
    assert.match(ran.out, /what it does once a year was perhaps not seen/)
    const json = await cli.remit(...args, '--json')
    assert.equal(json.json.newly_denied, 0)
    const checked = await cli.remit('policy', 'validate', 'narrower.cedar')
    assert.equal(checked.exit, 0, checked.said)
    const none = await cli.remit('policy', 'suggest', '--agent', 'other-bot', '--policy')
    assert.match(none.said, /agent\.unknown/)
  })

  test('validate warns of a rule that does nothing, with both places', async (t) => {
    const cli = await adaAt(t)
    const twice =
      '@id("again") forbid (principal is Agent, action == Action::"orders.read", resource);'
    await writeFile(join(cli.home, 'again.cedar'), twice)
    const said = await cli.remit('policy', 'validate', 'draft.cedar', 'again.cedar')
    assert.equal(said.exit, 0, said.said)
    assert.match(
      said.out,
      /again\.cedar:1:1 {2}again\n +says the same as `no-reading` at draft\.cedar:\d+/,
    )
    assert.match(said.said, /✓ valid, \d+ warnings? in draft\.cedar, again\.cedar/)
    assert.doesNotMatch(said.said, /nothing wrong/)
  })

  test('a template in one file, its links in another: checked, compared, published, explained by both places', async (t) => {
    const cli = await adaAt(t)
    const rules = join(cli.home, 'rules')
    await mkdir(rules)
    await writeFile(join(rules, 'live.cedar'), live)
    const template = `@id("nobody-below")
forbid (principal == ?principal, action == Action::"orders.refund", resource)
when { context.args.amount.lessThan(decimal("5.00")) };`
    await writeFile(join(rules, 'templates.cedar'), `${template}\n`)
    const write = (to: string) =>
      writeFile(
        join(rules, 'who.links'),
        `// who\n@id("not-by-the-bot") link (template == "${to}", ?principal == Agent::"refund-bot");\n`,
      )
    await write('nobody-bellow')
    const wrong = await cli.remit('policy', 'validate', 'rules')
    assert.equal(wrong.exit, 1)
    assert.match(
      wrong.out,
      /who\.links:2:41 .*\n.*no template `nobody-bellow`\n.*did you mean `nobody-below`/,
    )
    await write('nobody-below')
    const differs = await cli.remit('policy', 'diff', 'rules')
    assert.match(differs.out, /\+ nobody-below {2}new {2}rules\/templates\.cedar:1/)
    assert.match(differs.out, /\+ not-by-the-bot {2}new {2}rules\/who\.links:2/)
    const replayed = await cli.remit('policy', 'replay', 'rules')
    assert.equal(replayed.exit, 0, replayed.said)
    const published = await cli.remit('policy', 'publish', 'rules', '--yes')
    assert.equal(published.exit, 0, published.said)
    assert.match(
      (await cli.remit('policy', 'show')).out,
      /\nlink \(template == "nobody-below"|link \(template/,
    )
    const task = await remit.open()
    const refused = await remit.agent.call(task, 'POST', '/orders/orders/1042/refunds', {
      body: '{"amount": 2.00}',
    })
    assert.equal(refused.status, 403)
    const check = ['check', '--as', 'sam', '--agent', 'refund-bot', '--action', 'refund']
    const args = ['--arg', 'order_id=1042', '--arg', 'amount=2']
    const said = await cli.remit(...check, ...args, '--explain')
    assert.match(
      said.out,
      /not-by-the-bot rules\/templates\.cedar:1, linked at rules\/who\.links:2/,
    )
    assert.match(said.out, /context\.args\.amount is 2\.00?: less than 5\.00/)
    const again = await cli.remit('policy', 'publish', '--again', '1', '--yes')
    assert.equal(again.exit, 0, again.said)
    assert.match(again.said, /version \d+ is in force everywhere/)
    assert.ok(!(await cli.remit('policy', 'show')).out.includes('nobody-below'))
    assert.equal((await cli.remit('policy', 'publish', 'rules', '--yes')).exit, 0)
    const who = await cli.remit('policy', 'who', 'refund')
    assert.match(who.out, /not-by-the-bot, rules\/templates\.cedar:1/)
  })
})
