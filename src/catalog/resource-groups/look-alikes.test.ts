import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogView } from '../catalog/catalog.ts'
import type { Action, Resource } from '../catalog/index.ts'
import { nameInGroup, uriInGroup, uriOfMember } from './group-names.ts'
import { groupNames } from './look-alikes.ts'

const tool = (resource: string, path: string): Action =>
  ({ resource, path, method: 'tools/call', name: `${resource}.${path}` }) as Action // as: what names are made from

/** Names in a group of these members, with what an administrator let in. */
function among(tools: readonly Action[], alike: readonly string[] = []) {
  const members = [...new Set(tools.map(({ resource }) => resource))]
  const servers = members.map((name) => ({ name, identifier: name }) as Resource) // as: likewise
  const all = { name: 'all', identifier: 'all', members, alike } as unknown as Resource // as: likewise
  return groupNames(catalogView([...servers, all], tools), all)
}

const found = (names: ReturnType<typeof among>, { method, ...of }: Action) =>
  names.find(method, nameInGroup({ method, ...of } as Action)) !== undefined // as: it was one

test('a name is one that every client takes, and follows from member and tool alone', () => {
  assert.equal(nameInGroup(tool('desk', 'search_notes')), 'desk__search_notes')
  const odd = ['search.notes', 'search/notes', 'x'.repeat(128), 'search-notes'].map((path) =>
    nameInGroup(tool('desk', path)),
  )
  const long = nameInGroup(tool('m'.repeat(63), 'search'))
  for (const name of [...odd, long]) assert.match(name, /^[A-Za-z0-9_-]{1,64}$/)
  assert.equal(new Set(odd).size, odd.length)
  assert.equal(nameInGroup(tool('desk', 'search.notes')), 'desk__search_notes_24c42e86c4')
})

test('an address leads back to the one member that it names', () => {
  assert.deepEqual(uriOfMember(uriInGroup('desk', 'git+https://a/b+c')), {
    member: 'desk',
    uri: 'git+https://a/b+c',
  })
  for (const none of ['', 'note://1', '+note://1']) assert.equal(uriOfMember(none), undefined)
})

test('one name at two members is told and open; names that only look the same are kept out', () => {
  const alike: readonly [Action, Action][] = [
    [tool('desk', 'send_mail'), tool('post', 'send-mail')],
    [tool('desk', 'sendMail'), tool('post', 'sendmail')],
    [tool('desk', 'pay_all'), tool('post', 'pay_aII')],
    [tool('desk', 'go0d'), tool('post', 'good')],
    [tool('desk', 'modern'), tool('post', 'modem')],
    [tool('a-b', 'c'), tool('ab', 'c')],
  ]
  for (const [one, other] of alike) {
    const names = among([one, other, tool('desk', 'other')])
    assert.ok(!found(names, one) && !found(names, other), one.path)
    assert.ok(found(names, tool('desk', 'other')))
    assert.equal(
      names.of(one.name).some(({ held, how }) => held && how === 'alike'),
      true,
    )
    const letIn = among([one, other], [one.name, other.name])
    assert.ok(found(letIn, one) && found(letIn, other))
    assert.ok(!found(among([one, other], [one.name]), one), 'all of them, or none')
  }
  const same = among([tool('desk', 'search'), tool('post', 'search')])
  assert.ok(found(same, tool('desk', 'search')))
  assert.deepEqual(same.lookAlikes, [
    { actions: ['desk.search', 'post.search'], how: 'same', held: false },
  ])
})

test('look-alikes are told in the order of the alphabet; resources are read by their address, which names the member', () => {
  const { lookAlikes } = among([tool('post', 'search'), tool('desk', 'search')])
  assert.deepEqual(lookAlikes[0]?.actions, ['desk.search', 'post.search'])
  const read = (resource: string) => ({
    ...tool(resource, 'note'),
    method: 'resources/read' as const,
  })
  assert.deepEqual(among([read('desk'), read('post')]).lookAlikes, [])
})

test('look-alikes within one member are its own matter', () => {
  const names = among([tool('desk', 'a_b'), tool('desk', 'a-b'), tool('post', 'x')])
  assert.deepEqual(names.lookAlikes, [])
})

test('two that would have one name are kept out, whatever an administrator says', () => {
  // A tool that is called as the cut name of another one ends.
  const cut = nameInGroup(tool('desk', 'search.notes')).slice('desk__'.length)
  const pair = [tool('desk', 'search.notes'), tool('desk', cut)] as const
  const names = among(
    pair,
    pair.map(({ name }) => name),
  )
  assert.ok(!found(names, pair[0]) && !found(names, pair[1]))
})

test('another member changes what no name means', () => {
  const before = [tool('desk', 'search'), tool('desk', 'x.y')]
  const after = among([tool('aaa', 'search'), ...before, tool('zzz', 'search'), tool('zzz', 'x.y')])
  for (const each of before) assert.equal(after.find(each.method, nameInGroup(each)), each)
})
