import assert from 'node:assert/strict'
import { test } from 'node:test'
import { command } from './command.ts'

const DASHED = '-H71QRbMOzvxJlIMY9Mo6LtBooIT46FZOSnWdL_KmM4'
const HELPFUL = `-h${DASHED.slice(2)}`

async function parsed(...line: string[]): Promise<unknown> {
  let got: unknown
  const revoke = command('revoke-key', 'revokes')
    .argument('<agent>')
    .argument('<key>')
    .option('--beside <thumbprint>')
    .option('--now')
    .action((agent, key, options) => {
      got = [agent, key, options]
    })
  const program = command('remit', 'all').option('--url <origin>').exitOverride()
  program.addCommand(command('agents', 'agents').addCommand(revoke))
  for (const each of [program, ...program.commands, revoke])
    each.exitOverride().configureOutput({ writeOut() {}, writeErr() {} })
  await program.parseAsync(line, { from: 'user' })
  return got
}

test('O1: a thumbprint that begins with a dash is an argument, wherever it stands', async () => {
  for (const key of [DASHED, HELPFUL]) {
    assert.deepEqual(await parsed('agents', 'revoke-key', 'bot', key), ['bot', key, {}])
    assert.deepEqual(
      await parsed('agents', 'revoke-key', '--now', 'bot', key, '--beside', key, '--url', 'x'),
      ['bot', key, { now: true, beside: key }],
    )
    assert.deepEqual(await parsed('agents', 'revoke-key', 'bot', '--now', '--', key), [
      ...['bot', key],
      { now: true },
    ])
  }
})

test('an option that there is not stays a mistake', async () => {
  for (const wrong of ['--never', DASHED.slice(0, 12), `${DASHED}x`])
    await assert.rejects(parsed('agents', 'revoke-key', 'bot', wrong), /unknown option/)
})
