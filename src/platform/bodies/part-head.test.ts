import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readPartHead } from './part-head.ts'

const FIELD = 'Content-Disposition: form-data; name="note"'
const FILE = 'Content-Disposition: form-data; name="doc"; filename="a.txt"'

describe('the head of a part', () => {
  const read = (...lines: readonly string[]) => readPartHead(lines.join('\r\n'))

  it('of a field has a name, and may say that it is text', () => {
    assert.deepEqual(read(FIELD), { name: 'note' })
    assert.deepEqual(read('content-disposition:form-data; name="note"'), { name: 'note' })
    for (const type of ['text/plain', 'TEXT/plain;charset=UTF-8', 'text/plain; charset=utf-8'])
      assert.deepEqual(read(FIELD, `Content-Type: ${type}`), { name: 'note' }, type)
  })

  it('of a field with another type is refused', () => {
    for (const type of [
      'application/json',
      'atext/plain',
      'text/plainer',
      'text/plain;  charset=utf-8',
      'text/plain; charset=latin1',
      'text/plain; charset=utf-8; format=flowed',
    ])
      assert.equal(read(FIELD, `Content-Type: ${type}`), undefined, type)
  })

  it('of a file has a plain type, which it must say', () => {
    const file = { filename: 'a.txt', mediaType: 'image/png' }
    assert.deepEqual(read(FILE, 'Content-Type: image/PNG'), { name: 'doc', file })
    assert.deepEqual(read('Content-Type: image/png', FILE), { name: 'doc', file })
    assert.equal(read(FILE), undefined)
    for (const type of ['x', 'multipart/mixed', 'image/png; q=1'])
      assert.equal(read(FILE, `Content-Type: ${type}`), undefined, type)
  })

  it('has one line of each kind that is known, and no other', () => {
    assert.equal(read('Content-Type: image/png'), undefined)
    assert.equal(read(FIELD, FIELD), undefined)
    assert.equal(read(FILE, 'Content-Type: image/png', 'content-type: text/plain'), undefined)
    assert.equal(read(FIELD, 'Content-Length: 1'), undefined)
    for (const line of [
      '',
      ' Content-Type: text/plain',
      'X: y Content-Type: text/plain',
      'Content-Type:  text/plain',
      'Content-Type: text/plain ',
      'Content-Type: text/plain\n',
      'Content-Type:',
      'Content-Type : text/plain',
      'Content-Type: t\x00t',
      'Content-Type: \xe9',
    ])
      assert.equal(read(FIELD, line), undefined, JSON.stringify(line))
    assert.equal(read(FIELD, 'Content-Type: x'), undefined)
  })

  it('has names of 255 characters at most', () => {
    const field = (name: string) => read(`Content-Disposition: form-data; name="${name}"`)
    assert.deepEqual(field('a'.repeat(255)), { name: 'a'.repeat(255) })
    assert.equal(field('a'.repeat(256)), undefined)
    const file = (name: string) =>
      read(`Content-Disposition: form-data; name="a"; filename="${name}"`, 'Content-Type: a/b')
    for (const name of ['a'.repeat(255), '...', '.a', 'a.', '..a', 'a..'])
      assert.equal(file(name)?.file?.filename, name)
    for (const name of ['a'.repeat(256), '.', '..']) assert.equal(file(name), undefined, name)
  })

  it('has no character that readers take in different ways', () => {
    const field = (name: string) => read(`Content-Disposition: form-data; name="${name}"`)
    for (const name of ['a b', '!', '~', '#[]', '=a?', '?='])
      assert.deepEqual(field(name), { name }, name)
    for (const name of ['', ' a', 'a ', 'a"b', 'a\\b', 'a%41', 'a;b', 'a/b', 'a=?b', 'é'])
      assert.equal(field(name), undefined, name)
    assert.equal(read(`${FIELD}; x=y`), undefined)
    assert.equal(read('Content-Disposition: attachment; name="a"'), undefined)
    assert.equal(read('Content-Disposition: form-data; filename="a"; name="b"'), undefined)
  })
})
