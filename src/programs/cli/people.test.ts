import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addAgent } from '../../../test/delegation.ts'
import { World as Remit } from '../../../test/world.ts'
import { signInPerson } from '../../identity/identity-providers/index.ts'
import { signedIn } from './testing.ts'

describe('remit people and providers', () => {
  let remit: Remit
  before(async () => {
    remit = await Remit.start('sqlite')
  })
  after(() => remit.stop())

  test('who is known, what their provider says of them, and who is stopped', async (t) => {
    const cli = await signedIn(t, remit)
    const { people } = remit.rooms
    await signInPerson(people, {
      ...{ issuer: remit.provider, subject: 'sam', issuedAt: people.clock.now() },
      attributes: { department: 'Support', level: 3, external: false, roles: ['a', 'b'] },
    })
    const listed = await cli.remit('people', 'list')
    assert.match(listed.out, /NAME +STATUS +EMAIL +GROUPS +ID/)
    assert.match(listed.out, /Sam Support +active +sam@example\.com +support +psn_/)
    const shown = await cli.remit('people', 'show', 'sam@example.com')
    assert.equal(shown.exit, 0, shown.said)
    assert.match(shown.out, /^Sam Support · active\n/)
    for (const line of [
      /groups +support/,
      /department +Support/,
      /external +false/,
      /level +3/,
      /roles +a,b/,
      /known from +http:\/\/127\.0\.0\.1:\d+ as sam/,
      /confirmed +\S/,
    ])
      assert.match(shown.out, line)
    const { json } = await cli.remit('people', 'show', 'sam@example.com', '--json')
    assert.deepEqual(json.attributes, {
      department: 'Support',
      external: false,
      level: 3,
      roles: ['a', 'b'],
    })
    const nobody = await cli.remit('people', 'show', 'nobody')
    assert.equal(nobody.exit, 1)
    assert.match(nobody.said, /✗ No person is known as `nobody`/)
    const stopped = await cli.remit('people', 'suspend', 'sam@example.com', '--reason', 'left')
    assert.match(stopped.said, /✓ sam@example\.com is suspended/)
    assert.match((await cli.remit('people', 'list')).out, /Sam Support +suspended/)
    const again = await cli.remit('people', 'resume', 'sam@example.com')
    assert.match(again.said, /✓ sam@example\.com is active again/)
  })

  test('stand-ins are named, which is confirmed on a page, listed and ended', async (t) => {
    const [ada, sam] = [await signedIn(t, remit), await signedIn(t, remit, 'sam')]
    const wrong = await sam.remit('stand-ins', 'add', 'nobody@example.com', '--until', '2w')
    assert.equal(wrong.exit, 1)
    assert.match(wrong.said, /stand_in\.not_possible/)
    const named = await sam.remit('stand-ins', 'add', 'fiona@example.com', '--until', '2w')
    assert.equal(named.exit, 0, named.said)
    assert.match(named.said, /confirm/)
    assert.match(named.said, /✓ Fiona Finance answers for you until \S/)
    for (const cli of [ada, sam]) {
      const { out } = await cli.remit('stand-ins', 'list')
      assert.match(out, /AWAY +STAND-IN +FROM +UNTIL +ID/)
      assert.match(out, /Sam Support +Fiona Finance +\S.*sti_/)
    }
    const { json } = await sam.remit('stand-ins', 'list', '--json')
    const [listed] = json.stand_ins as { id: string }[] // as the schema says
    const ended = await ada.remit('stand-ins', 'end', listed?.id ?? '')
    assert.match(ended.said, /✓ Fiona Finance does not answer for Sam Support any more/)
    assert.match((await sam.remit('stand-ins', 'list')).out, /There are no stand-ins/)
  })

  test('long lists come page by page, and nobody is missed or shown twice', async (t) => {
    const cli = await signedIn(t, remit)
    await addAgent(remit, 'order-watcher', 'ada')
    for (const what of ['people', 'agents'] as const) {
      const idsOf = async (...options: string[]) => {
        const { json } = await cli.remit(what, 'list', '--json', ...options)
        const page = json as { [list: string]: readonly { id: string }[] } & { more: boolean } // as documented
        return { ids: page[what]?.map(({ id }) => id) ?? [], more: page.more }
      }
      const all = await idsOf()
      assert.ok(all.ids.length > 1 && !all.more, what)
      const seen: string[] = []
      for (let more = true; more; ) {
        const last = seen.at(-1)
        const page = await idsOf('--limit', '1', ...(last ? ['--after', last] : []))
        assert.equal(page.ids.length, 1)
        seen.push(...page.ids)
        more = page.more
      }
      assert.deepEqual(seen, all.ids)
      const { out } = await cli.remit(what, 'list', '--limit', '1')
      assert.match(out, new RegExp(`There are more: .remit ${what} list --after ${seen[0]}`))
      for (const wrong of ['0', '1001', 'x'])
        assert.equal((await cli.remit(what, 'list', '--limit', wrong)).exit, 2)
    }
    const nobody = await cli.remit('people', 'list', '--after', 'psn_nobody')
    assert.match(nobody.said, /person\.unknown/)
  })

  test('whom a word means is asked of the server; a word for two people is for none', async (t) => {
    const cli = await signedIn(t, remit)
    for (const word of ['sam', 'Sam Support', 'sam@example.com'])
      assert.match((await cli.remit('people', 'show', word)).out, /Sam Support/)
    const { people } = remit.rooms
    await signInPerson(people, {
      ...{ issuer: remit.provider, subject: 'other-sam', issuedAt: people.clock.now() },
      name: 'Sam Support',
    })
    const two = await cli.remit('people', 'suspend', 'Sam Support')
    assert.match(two.said, /Several people are `Sam Support`/)
  })

  test('a provider is added with what its claims mean, listed, and led to where it is tried', async (t) => {
    const cli = await signedIn(t, remit)
    const issuer = 'https://login.example.com'
    const add = [
      'providers',
      'add',
      issuer,
      '--name',
      'Example',
      '--client-id',
      'remit',
      '--public',
    ]
    const added = await cli.remit(
      ...add,
      ...['--attribute', 'roles=/realm_access/roles', 'department=dept'],
      ...['--domain', 'example.com'],
    )
    assert.equal(added.exit, 0, added.said)
    assert.match(added.said, /its redirect URI there: \S+\/sign-in\/callback/)
    assert.match(
      (await cli.remit('providers', 'list')).out,
      /Example +https:\/\/login\.example\.com +remit +department=dept, roles=\/realm_access\/roles +example\.com/,
    )
    const tried = await cli.remit('providers', 'test', issuer)
    assert.ok(tried.said.includes(`/providers?issuer=${encodeURIComponent(issuer)}`), tried.said)
    const unknown = await cli.remit('providers', 'test', 'https://other.example')
    assert.match(unknown.said, /✗ `https:\/\/other\.example` is not registered/)
    const wrong = await cli.remit(...add, '--attribute', 'shoe=size')
    assert.equal(wrong.exit, 1)
    assert.match(wrong.said, /provider\.bad_attributes|is not `attribute=claim`/)
    const domain = await cli.remit(...add, '--domain', 'EXAMPLE.com')
    assert.match(domain.said, /is no domain/)
  })
})
