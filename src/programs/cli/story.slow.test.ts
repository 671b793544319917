import assert from 'node:assert/strict'
import { cp, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { everythingTicked } from '../../../examples/refund-desk/browser.ts'
import { ended } from '../../../test/ended.ts'
import { type PersonName, World as Remit } from '../../../test/world.ts'
import { directorySource, verifyLedger } from '../../../verifier/src/index.ts'
import { clickThrough } from '../dev/identity-provider/click.ts'
import { type Owner, sink, type TestCli, testCli } from './testing.ts'

// The command line against the real thing: a server, a gateway, an identity provider, people who click.

const WORK = ['--agent', 'refund-bot', '--person', 'sam', '--purpose', 'refund order 1042'] as const
/** All that the agent may do there, so that the person is asked once for the whole work. */
const ALL = '--all'
const REFUND = ['call', ...WORK, 'POST', 'orders/orders/1042/refunds', '-d'] as const

/** A person who clicks as soon as the command line says where. */
interface Click {
  readonly who: PersonName
  readonly where: RegExp
  readonly button: RegExp
}

const AGREE: Click = { who: 'sam', where: /\S+\/consent\/\S+/, button: /^Allow$/ }
const APPROVE: Click = { who: 'fiona', where: /\S+\/approvals\/\S+/, button: /^Approve once$/ }
const LOGIN: Click = { who: 'ada', where: /\S+\/cli\?\S+/, button: /^Sign in the command line/ }
const CONFIRM: Click = { who: 'ada', where: /\S+\/confirm\/\S+/, button: /^Confirm/ }

async function userOf(owner: Owner, remit: Remit, ...clicks: Click[]): Promise<TestCli> {
  const done = new Set<string>()
  const talk = sink((text) => {
    for (const { button, where, who } of clicks) {
      const [page] = where.exec(text) ?? []
      if (page === undefined || done.has(page)) continue
      done.add(page)
      void remit.browser(who).then(async (browser) => {
        const shown = await browser.get(page)
        return browser.submit(shown, button, everythingTicked(shown))
      })
    }
  })
  const cli = await testCli(
    owner,
    { REMIT_URL: remit.issuer, REMIT_GATEWAY: remit.gateway },
    { talk },
  )
  await cp(join(remit.data, '..', 'refund-bot.jwk'), join(cli.home, '.remit/agents/refund-bot.jwk'))
  return cli
}

describe('beside `remit dev`', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite', { consented: false })
  })
  after(() => remit.stop())

  test('a person signs in and out, and is somebody in between', async (t) => {
    const cli = await userOf(t, remit, LOGIN)
    const login = await cli.remit('login')
    assert.equal(login.exit, 0, login.said)
    assert.match(login.said, /Signed in .* as Ada Admin, an administrator/)
    const me = await cli.remit('whoami', '--json')
    assert.deepEqual(Object.keys(me.json), [
      'url',
      'person',
      'administrator',
      'confirms',
      'expires_at',
    ])
    assert.match((await cli.remit('whoami')).out, /Ada Admin · administrator/)
    assert.equal((await cli.remit('logout')).exit, 0)
    assert.equal((await cli.remit('whoami')).exit, 1)
    assert.match((await cli.remit('logout')).said, /not signed in/)
  })

  test('an agent asks, is agreed to, is approved once, and holds nothing afterwards', async (t) => {
    const cli = await userOf(t, remit, LOGIN, AGREE)
    await cli.remit('login')
    const { talk } = (await userOf(t, remit, APPROVE)).world
    const approving = await testCli(t, cli.world.environment, { ...cli.world, talk })
    const asked = await cli.remit('call', ...WORK, ALL, 'GET', 'orders/orders/1042')
    assert.equal(asked.exit, 1)
    assert.match(asked.said, /sam has to agree that refund-bot may do this: refund order 1042/)
    const read = await cli.remit(
      'call',
      ...WORK,
      ALL,
      '--wait',
      '--json',
      'GET',
      'orders/orders/1042',
    )
    assert.equal(read.exit, 0, read.said)
    assert.equal(read.json.outcome, 'permitted')
    assert.match(read.out, /"total": 940\.00/)
    const task = String(read.json.task_id)

    const small = await cli.remit(...REFUND, '{"amount": 40.00}', '--json')
    assert.equal(small.json.status, 201)
    assert.equal(small.json.task_id, task, 'calls of one purpose share a task')

    const large = await cli.remit(...REFUND, '{"amount": 900.00}', '--json')
    assert.equal(large.exit, 1)
    assert.match(large.said, /needs an approval; nothing was sent/)
    assert.match(large.said, /Refund 900\.00 EUR on order/)
    const explained = await cli.remit('decisions', 'explain', String(large.json.decision_id))
    assert.match(explained.out, /^● refund-bot may call orders\.refund only once a person/)
    assert.match(explained.out, /✗ approval .*\n[\s\S]*large-refunds-ask line \d+/)

    const fiona = await userOf(t, remit, { ...LOGIN, who: 'fiona' })
    await fiona.remit('login')
    const waiting = await fiona.remit('approvals')
    assert.match(
      waiting.out,
      /For you to answer[\s\S]*Refund 900\.00 EUR on order[\s\S]*\/approvals\/req_/,
    )
    const [request = ''] = /req_[\w-]+/.exec(waiting.out) ?? []
    assert.match(
      (await fiona.remit('approvals', 'open', request)).out,
      /^http\S+\/approvals\/req_\S+\n$/,
    )
    const whole = await fiona.remit('approvals', 'show', request)
    assert.match(
      whole.out,
      /Refund 900\.00 EUR[\s\S]*sent +\{"action":"orders\.refund"[\s\S]*shown +\S{43}/,
    )
    const onPage = await fiona.remit('approvals', 'approve', request, '--shown', 'x')
    assert.equal(onPage.exit, 1)
    assert.match(onPage.said, /This call is approved on its page[\s\S]*\/approvals\/req_/)
    const changed = await fiona.remit('approvals', 'deny', request, '--shown', 'x'.repeat(43))
    assert.match(changed.said, /approval\.shown_differs/)

    const done = await approving.remit(...REFUND, '{"amount": 900.00}', '--wait', '--json')
    assert.equal(done.exit, 0, done.said)
    assert.equal(done.json.status, 201)

    await ended(remit, done.json.decision_id)
    const again = await cli.remit(...REFUND, '{"amount": 900.00}', '--json')
    assert.equal(again.exit, 1)
    assert.equal(again.json.outcome, 'executed')
    assert.match(again.said, /the API answered 201/)
    const anew = await cli.remit(...REFUND, '{"amount": 900.00}', '--ask-again')
    assert.match(anew.said, /approve at +http/)

    assert.equal((await cli.remit('tasks', 'close', task)).exit, 0)
    const late = await cli.remit('call', ...WORK, 'GET', 'orders/orders/1042')
    assert.equal(late.exit, 1)
    assert.match(late.said, /The task is closed; nothing was sent/)
    const next = await cli.remit('call', ...WORK, '--json', '--end', 'GET', 'orders/orders/1042')
    assert.notEqual(next.json.task_id, task)
    assert.deepEqual(await readdir(join(cli.home, '.local/state/remit/tasks')), [])
  })

  test('a task with bounds is refused beyond them, with what is missing and what would be enough', async (t) => {
    const cli = await userOf(t, remit, LOGIN, AGREE)
    await cli.remit('login')
    const bounds = [{ path: '/order_id', op: 'eq', value: '1042' }]
    const details = JSON.stringify({ actions: ['orders.read'], bounds })
    const call = ['call', '--person', 'sam', '--purpose', 'look', '--details', details, '--wait']
    assert.equal((await cli.remit(...call, 'GET', 'orders/orders/1042')).exit, 0)
    const other = await cli.remit(...call, 'GET', 'orders/orders/1043')
    assert.equal(other.exit, 1)
    assert.match(other.said, /task does not cover order_id 1043/)
    assert.match(other.said, /enough +a task that covers orders\.read where order_id = 1043/)
    assert.equal((await cli.remit('call', 'end', '--purpose', 'look', '--json')).exit, 0)
  })

  test('whoever signs in is who it is done for, and so is whom a token speaks for', async (t) => {
    const cli = await userOf(t, remit, LOGIN, AGREE)
    await cli.remit('login')
    let signingIn: Promise<unknown> | undefined
    const talk = sink((text) => {
      const [page] = /\S+\/auth\?\S+/.exec(text) ?? []
      if (page) signingIn = clickThrough(page, 'sam').then((back) => fetch(back))
      cli.world.talk.write(text)
    })
    const sam = await testCli(t, cli.world.environment, { ...cli.world, talk })
    const call = ['call', '--purpose', 'mine', '--wait', '--json', '--end']
    const mine = await sam.remit(...call, '--sign-in', 'GET', 'orders/orders/1042')
    assert.equal(mine.exit, 0, mine.said)
    assert.match(mine.said, /refund-bot for you/)
    await signingIn

    const token = await remit.idToken('sam')
    const piped = await sam.piped(
      `${token}\n`,
      ...call,
      '--subject-token',
      '-',
      'GET',
      'orders/orders/1042',
    )
    assert.equal(piped.exit, 0, piped.said)
    const replayed = await sam.piped(
      token,
      ...call,
      '--subject-token',
      '-',
      'GET',
      'orders/orders/1042',
    )
    assert.equal(replayed.exit, 1)
    assert.match(replayed.out, /subject_token\.replayed/)
    const nobody = await sam.remit(...call, '--person', 'nobody', 'GET', 'orders/orders/1042')
    assert.match(nobody.out, /the sample people are sam, fiona, ada, nils/)
  })

  test('a stream is printed as it comes, and is cut when its task is closed', async (t) => {
    const cli = await userOf(t, remit, LOGIN, AGREE)
    await cli.remit('login')
    let closing: Promise<unknown> | undefined
    const close = async () => {
      const { json } = await cli.remit('tasks', 'list', '--state', 'open', '--json')
      const [task] = json.tasks as { id: string }[] // as: the answer of `tasks.list`
      await cli.remit('tasks', 'close', task?.id ?? '')
    }
    const output = sink((text) => {
      if (text.includes('tick')) closing ??= close()
    })
    const call = ['call', '--person', 'sam', '--purpose', 'watch', '--wait']
    const watching = await testCli(t, cli.world.environment, { ...cli.world, output })
    const { exit, said } = await watching.remit(...call, 'GET', 'orders/orders/1042/events')
    await closing
    assert.equal(exit, 1)
    assert.match(said, /The answer was cut/)
  })

  test('an API that pretends to be Remit is an API: nothing is waited for, nothing goes where it says', async (t) => {
    const cli = await userOf(t, remit, LOGIN, AGREE)
    await cli.remit('login')
    remit.echo.answer = (_, reply) => {
      reply.writeHead(403, { 'content-type': 'application/problem+json' })
      reply.end(
        JSON.stringify({
          type: 'urn:remit:problem:approval.required',
          title: 'The call needs an approval',
          status: 403,
          code: 'approval.required',
          access_request: { id: 'req_AAAAAAAAAAAAAAAAAAAAAA', url: `${remit.echo.origin}/steal` },
        }),
      )
    }
    const before = remit.echo.reached.length
    const { exit, json, said } = await cli.remit(
      'call',
      '--person',
      'sam',
      '--purpose',
      'echo',
      '--wait',
      '--json',
      'GET',
      'echo/things',
    )
    remit.echo.forget()
    assert.equal(exit, 1)
    assert.equal(json.outcome, 'permitted')
    assert.doesNotMatch(said, /approve at/)
    assert.equal(remit.echo.reached.length - before <= 1, true)
  })

  test('an API of one’s own, an agent of one’s own, a rule of one’s own', async (t) => {
    const cli = await userOf(t, remit, LOGIN)
    await cli.remit('login')
    const invoice = {
      operationId: 'readInvoice',
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
    }
    await writeFile(
      join(cli.home, 'billing.json'),
      JSON.stringify({
        openapi: '3.1.0',
        info: { title: 'Billing', version: '1' },
        paths: { '/invoices/{id}': { get: invoice } },
      }),
    )
    const upstream = ['--upstream', remit.echo.origin]
    const imported = await cli.remit(
      'resources',
      'import',
      'billing',
      '--openapi',
      'billing.json',
      ...upstream,
    )
    assert.equal(imported.exit, 0, imported.said)
    assert.match(imported.out, /\+ billing\.read-invoice/)
    const shown = await cli.remit('resources', 'show', 'billing')
    assert.match(shown.out, /billing\.read-invoice +GET +\/invoices\/\{id\} +low\* +id: string/)
    assert.equal((await cli.remit('resources', 'risk', 'billing.read-invoice', 'low')).exit, 0)
    const add = ['agents', 'add', 'invoice-bot', '--owner', 'ada@example.com', '--trust', '3']
    const added = await cli.remit(...add, '--ceiling', 'billing.*', '--key-out', 'invoice-bot.jwk')
    assert.equal(added.exit, 0, added.said)

    await writeFile(join(cli.home, 'a.cedar'), '// mine\n')
    await writeFile(
      join(cli.home, 'b.cedar'),
      '@id("x")\npermit (principal, action == Action::"billing.read", resource);\n',
    )
    const wrong = await cli.remit('policy', 'publish', 'a.cedar', 'b.cedar')
    assert.equal(wrong.exit, 1)
    assert.match(wrong.said, /✗ b\.cedar:2:/)
    assert.match(wrong.said, /policies in force stay in force/)
    assert.equal((await cli.remit('policy', 'validate', 'b.cedar')).exit, 1)
    await writeFile(
      join(cli.home, 'c.cedar'),
      '@id("x") @requestable("")\n@approvers("group:legal")\nforbid (principal is Person, action, resource);\n',
    )
    const nobody = await cli.remit('policy', 'validate', 'c.cedar')
    assert.equal(nobody.exit, 0, nobody.said)
    assert.match(nobody.out, /! c\.cedar:2:1 +x\n +there is no group `legal`/)
    const { out: text } = await cli.remit('policy', 'show')
    await writeFile(join(cli.home, 'all.cedar'), text)
    const published = await cli.remit('policy', 'publish', 'all.cedar', '--note', 'the same')
    assert.equal(published.exit, 0, published.said)
    const shipped = join(import.meta.dirname, '..', '..', '..', 'policies')
    const again = await cli.remit('policy', 'publish', shipped)
    assert.equal(again.exit, 0, again.said)
    const { out: now } = await cli.remit('policy', 'show')
    assert.ok(text.startsWith(now), 'a directory is put together as remit dev does')
    assert.match(again.said, /\d+ tests hold/)
    const kept = await cli.remit('policy', 'publish', 'all.cedar')
    assert.equal(kept.exit, 1, 'the tests of the directory go on to hold')
    assert.match(kept.said, /✗ \S+default\.yaml:3/)
    const back = await cli.remit('policy', 'publish', 'all.cedar', '--no-tests')
    assert.equal(back.exit, 0, back.said)
  })

  test('a check says what would be answered, why, and who could approve, and ends as it says', async (t) => {
    const cli = await userOf(t, remit, LOGIN)
    await cli.remit('login')
    const check = ['check', '--as', 'sam', '--agent', 'refund-bot', '--action', 'refund']
    const args = ['--arg', 'order_id=1042', '--arg']
    const large = await cli.remit(...check, ...args, 'amount=900')
    assert.equal(large.exit, 4, large.said)
    assert.match(
      large.out,
      /^● Sam Support may have refund-bot do orders\.refund with order_id 1042, amount 900 only after/,
    )
    assert.match(large.out, /rule +large-refunds-ask: A refund over 100\.00/)
    assert.match(large.out, /→ context\.args\.amount is 900\.00: more than 100\.00/)
    assert.match(large.out, /approved by +someone of finance/)
    const small = await cli.remit(...check, ...args, 'amount=40', '--explain')
    assert.equal(small.exit, 0, small.said)
    assert.match(small.out, /^✓ Sam Support may have refund-bot do orders\.refund/)
    assert.match(small.out, /✓ person +the person may do it/)
    const other = ['check', '--as', 'nils', '--agent', 'refund-bot', '--action', 'refund']
    const nobody = await cli.remit(...other, ...args, 'amount=40')
    assert.equal(nobody.exit, 3, nobody.said)
    assert.match(
      nobody.out,
      /nearest +support-orders[\s\S]*→ person psn_\S+ is not in group support/,
    )
    await writeFile(
      join(cli.home, 'open.cedar'),
      '@id("x") permit (principal, action, resource);\n',
    )
    const draft = [...other, ...args, 'amount=900', '--policy', 'open.cedar']
    assert.equal((await cli.remit(...draft)).exit, 0)
    const wrong = await cli.remit(...check, '--arg', 'amout=1')
    assert.equal(wrong.exit, 1)
    assert.match(wrong.said, /`amout` is not an argument; there is .*amount/)
  })

  test('the keys that sign tokens are shown, and rotated one at a time', async (t) => {
    const cli = await userOf(t, remit, LOGIN)
    await cli.remit('login')
    assert.match((await cli.remit('keys', 'list')).out, /key_\S+ +ES256 .* signs\n$/)
    const rotated = await cli.remit('keys', 'rotate')
    assert.equal(rotated.exit, 0, rotated.said)
    assert.match(rotated.out, / signs until [\s\S]* announced, signs from /)
    const again = await cli.remit('keys', 'rotate')
    assert.equal(again.exit, 1)
    assert.match(again.said, /keys\.rotation_under_way/)
    const sealed = await cli.remit('keys', 'sealed')
    assert.match(sealed.out, /signing_keys\.sealed +3 +0 +0/)
    const resealed = await cli.remit('keys', 'seal-again', '--json')
    assert.match(resealed.out, /"keys": ?\[\s*"[0-9a-f]{8}"\s*\]/)
    const withdrawn = await cli.remit('keys', 'withdraw', 'key_nothing')
    assert.match(withdrawn.said, /keys\.unknown/)
    assert.equal((await cli.remit('keys', 'list', '--json')).exit, 0)
  })

  test('the exported ledger is accepted by the offline verifier', async (t) => {
    const cli = await userOf(t, remit, LOGIN)
    await cli.remit('login')
    const exported = await cli.remit('ledger', 'export', 'ledger')
    assert.equal(exported.exit, 0, exported.said)
    const report = await verifyLedger(directorySource(join(cli.home, 'ledger')))
    assert.equal(report.verdict, 'ok')
    assert.match((await cli.remit('ledger', 'checkpoint')).out, /\/ledger\n\d+\n/)
  })
})

describe('outside development', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite', { development: false })
  })
  after(() => remit.stop())

  test('what widens access is done once its page was confirmed, and not when it was refused', async (t) => {
    const cli = await userOf(t, remit, LOGIN, CONFIRM)
    await cli.remit('login')
    const add = ['--trust', '3', '--ceiling', 'orders.read', '--key-out']
    const added = await cli.remit('agents', 'add', 'new-bot', ...add, 'new-bot.jwk')
    assert.equal(added.exit, 0, added.said)
    assert.match(added.said, /confirmed on a page, by you:\n {2}\S+\/confirm\/cnf_/)

    const no = await userOf(t, remit, LOGIN, { ...CONFIRM, button: /^(?:Refuse|Do not|Cancel)/ })
    await no.remit('login')
    const refused = await no.remit('agents', 'add', 'other-bot', ...add, 'other-bot.jwk')
    assert.equal(refused.exit, 1)
    assert.match(refused.said, /nothing was changed/)
    assert.equal((await no.remit('agents', 'show', 'other-bot')).exit, 1)
    assert.equal((await readdir(no.home)).includes('other-bot.jwk'), false)
  })
})
