import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Problem } from '../lib/problem.ts'
import { logBug } from './render-problem.ts'

function logged(error: unknown) {
  const lines: (readonly [level: string, line: string])[] = []
  const write = (level: string) => (about: object, text: string) =>
    void lines.push([level, JSON.stringify(about, ownOf) + text])
  logBug({ error: write('error'), info: write('info') } as Parameters<typeof logBug>[0], error) // as: no more is used
  return lines
}

/** Writes an error as a log does: with its stack. */
function ownOf(_key: string, value: unknown) {
  return value instanceof Error ? { message: value.message, stack: value.stack } : value
}

it('W5: what strangers can cause is no error, and a short line without a stack', () => {
  const cause = new Problem('outbound.unreachable', '`a.example` does not resolve')
  for (const code of ['client_document.unavailable', 'server.busy', 'sign_in.failed'] as const) {
    const [[level, line] = ['', ''], ...more] = logged(new Problem(code, 'not there', { cause }))
    assert.equal(level, 'info', code)
    assert.equal(more.length, 0)
    assert.ok(line.length < 300, line)
    assert.ok(!line.includes('.ts:'), 'no stack')
    assert.match(line, /does not resolve/, 'with its cause')
  }
})

it('a failure of this server is an error', () => {
  for (const error of [new Error('odd'), new Problem('storage.unavailable', 'gone')])
    assert.deepEqual(
      logged(error).map(([level]) => level),
      ['error'],
    )
})
