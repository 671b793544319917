import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import type { AttributeClaims } from '../people/attribute.ts'
import { findPerson } from '../people/person-store.ts'
import { PROVIDER, testPeople } from '../people/testing.ts'
import { type SaidAttributes, withMissingAsNull } from './change-attributes.ts'
import { readAttributeClaims, readAttributes } from './read-attributes.ts'
import { registerProvider } from './register-provider.ts'
import { signInPerson } from './sign-in-person.ts'

const by = 'operator'
const BAD = { code: 'person.bad_claims' }

test('a mapping names an attribute that there is, once, and a claim', () => {
  assert.deepEqual(readAttributeClaims(['department=dept', 'roles=/realm_access/roles']), {
    department: 'dept',
    roles: '/realm_access/roles',
  })
  for (const wrong of [
    ['department'],
    ['=dept'],
    ['department='],
    ['department=a b'],
    ['groups=groups'],
    ['issuer=iss'],
    ['__proto__=x'],
    ['department=a', 'department=b'],
  ])
    assert.throws(() => readAttributeClaims(wrong), { code: 'provider.bad_attributes' }, `${wrong}`)
})

test('claims are read as the type of their attribute, and refused as any other', () => {
  const read = (name: string, said: unknown) =>
    Object.values(readAttributes({ c: said }, readAttributeClaims([`${name}=c`])))[0]
  for (const [name, said, value] of [
    ['department', 'Sales', 'Sales'],
    ['level', 3, 3],
    ['external', false, false],
    ['roles', ['b', 'a', 'b'], ['a', 'b']],
    ['roles', 'a', ['a']],
    ['roles', [], []],
  ] as const)
    assert.deepEqual(read(name, said), value, name)
  for (const [name, said] of [
    ['department', 7],
    ['department', ['Sales']],
    ['department', ''],
    ['department', 'Sa\u202eles'],
    ['department', 'x'.repeat(201)],
    ['level', '3'],
    ['level', 1.5],
    ['level', 2 ** 53],
    ['external', 'false'],
    ['external', 0],
    ['roles', [1]],
    ['roles', { a: 1 }],
    ['roles', Array.from({ length: 201 }, (_, i) => `r${i}`)],
  ] as const)
    assert.throws(() => read(name, said), BAD, `${name} ${JSON.stringify(said)}`)
  assert.deepEqual(read('department', undefined), undefined)
  assert.deepEqual(read('department', null), undefined)
})

test('a claim inside another one is found by its pointer, and nothing that is inherited', () => {
  const mapped = readAttributeClaims(['roles=/https:~1~1a.example~1x/roles', 'title=/a/0'])
  const claims = { 'https://a.example/x': { roles: ['r'] }, a: ['t'] }
  assert.deepEqual(readAttributes(claims, mapped), { roles: ['r'] })
  assert.deepEqual(readAttributes({}, readAttributeClaims(['title=toString'])), {})
  assert.deepEqual(readAttributes({}, readAttributeClaims(['title=/constructor/name'])), {})
})

forEachEngine('attributes of people', (open) => {
  const MAPPED = { department: 'dept', level: 'lvl' }

  async function begin() {
    const parts = await testPeople(await open())
    const register = (attributes: AttributeClaims) =>
      registerProvider(parts, { issuer: PROVIDER, name: 'x', clientId: 'remit', attributes, by })
    await register(MAPPED)
    let at = parts.clock.now()
    const say = (attributes: SaidAttributes | undefined, whole = false) => {
      at += 1000
      const said = attributes && whole ? withMissingAsNull(attributes, MAPPED) : attributes
      return signInPerson(parts, {
        ...{ issuer: PROVIDER, subject: 'sam', name: 'Sam', groupValues: undefined },
        ...(said ? { attributes: said } : {}),
        issuedAt: at,
      })
    }
    const known = async (id: string) => findPerson(parts.storage.read, id)
    return { parts, register, say, known, at: () => at }
  }

  test('a change raises the epoch and is recorded without its words; the same again is nothing', async () => {
    const { parts, say } = await begin()
    const { id, attributes } = await say({ department: 'Sales', level: 3 })
    assert.deepEqual(attributes, { department: 'Sales', level: 3 })
    const { epoch } = await parts.liveOf('person', id)
    await say({ department: 'Sales', level: 3 })
    assert.equal((await parts.liveOf('person', id)).epoch, epoch)
    const moved = await say({ department: 'Finance' })
    assert.deepEqual(moved.attributes, { department: 'Finance', level: 3 }, 'silence of a token')
    assert.equal((await parts.liveOf('person', id)).epoch, epoch + 1)
    const record = (await parts.recorded()).at(-1)
    assert.equal(record?.type, 'person.changed')
    assert.doesNotMatch(JSON.stringify(record?.facts), /Finance/)
    assert.ok(record?.commitments?.department, 'a commitment, which can be erased')
  })

  test('at a sign-in silence about what is mapped means that there is none any more', async () => {
    const { say } = await begin()
    await say({ department: 'Sales', level: 3 })
    assert.deepEqual((await say({ level: 4 }, true)).attributes, { level: 4 })
  })

  test('are as fresh as the last token that spoke of all of them', async () => {
    const { at, say } = await begin()
    const all = await say({ department: 'Sales', level: 3 })
    assert.equal(all.confirmedAt, at())
    const then = at()
    assert.equal((await say({ level: 3 })).confirmedAt, then)
    assert.equal((await say(undefined)).confirmedAt, then)
    assert.equal((await say({ department: 'Sales', level: null })).confirmedAt, at())
  })

  test('what is not mapped any more, or from another claim, is not known any more, at once', async () => {
    const { known, parts, register, say } = await begin()
    const { id } = await say({ department: 'Sales', level: 3 })
    const { epoch } = await parts.liveOf('person', id)
    await register({ department: 'division_name', level: 'lvl' })
    assert.deepEqual((await known(id))?.attributes, { level: 3 })
    assert.equal((await parts.liveOf('person', id)).epoch, epoch + 1)
    await register({})
    assert.deepEqual((await known(id))?.attributes, {})
  })
})
