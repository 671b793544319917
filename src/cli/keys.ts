import type { Command } from 'commander'
import { table } from '../lib/terminal/table.ts'
import { bold, dim, green, type Text, text } from '../lib/terminal/text.ts'
import { moment } from '../lib/terminal/time.ts'
import type { Cli } from './cli.ts'
import { command, type Start } from './command.ts'
import type { AnswerOf } from './server/operation-types.ts'

type KeysJson = AnswerOf<'GET', '/keys'>
type SealedJson = AnswerOf<'GET', '/keys/sealed'>

/** `remit keys …` */
export function keysCommand(start: Start): Command {
  const keys = command('keys', 'The keys that sign tokens, and what the master key seals.', [
    'remit keys list',
    'remit keys rotate',
    'remit keys withdraw key_… --reason "the disk was stolen"',
    'remit keys sealed',
    'remit keys seal-again',
  ])
  const all = [listCommand, rotateCommand, withdrawCommand, sealedCommand, sealAgainCommand]
  for (const add of all) keys.addCommand(add(start))
  return keys
}

function listCommand(start: Start): Command {
  return command('list', 'Those that sign, will sign, or have signed what may still be good.', [
    'remit keys list',
  ]).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    showKeys(cli, await cli.api.call('GET', '/keys', {}))
  })
}

function rotateCommand(start: Start): Command {
  return command(
    'rotate',
    'Makes a new key. It signs when everyone can know it; tokens of before stay good.',
    ['remit keys rotate'],
  ).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    const answer = await cli.api.call('POST', '/keys', {})
    const next = answer.keys.find(({ state }) => state === 'announced')
    cli.say(
      text`${green('✓')} ${bold(next?.kid ?? 'a new key')} is published${next?.signs_from === undefined ? '' : `, and signs from ${moment(next.signs_from)}`}`,
    )
    showKeys(cli, answer)
  })
}

function withdrawCommand(start: Start): Command {
  return command(
    'withdraw',
    'For a key in other hands: every token it signed is dead at once, and another key signs.',
    ['remit keys withdraw key_… --reason "the disk was stolen"'],
  )
    .argument('<kid>', 'the key; `remit keys list` has them')
    .option('--reason <text>', 'why; it is recorded')
    .action(async (kid: string, { reason }: { reason?: string }, invoked: Command) => {
      const cli = await start(invoked)
      await cli.api.call('POST', '/keys/:id/withdraw', { params: { id: kid }, body: { reason } })
      cli.say(
        text`${green('✓')} ${bold(kid)} is withdrawn; every token that it signed is dead`,
        dim('  agents whose task tokens it signed open new tasks'),
      )
      cli.answer({ kid, withdrawn: true }, () => [])
    })
}

function sealedCommand(start: Start): Command {
  return command('sealed', 'What is sealed with which master key.', ['remit keys sealed']).action(
    async (_options: object, invoked: Command) => {
      const cli = await start(invoked)
      showSealed(cli, await cli.api.call('GET', '/keys/sealed', {}))
    },
  )
}

function sealAgainCommand(start: Start): Command {
  return command(
    'seal-again',
    'Seals everything with the first master key; then the others can be taken away.',
    ['remit keys seal-again'],
  ).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    showSealed(cli, await cli.api.call('POST', '/keys/sealed', {}))
  })
}

function showSealed(cli: Cli, answer: SealedJson): void {
  const [current = '', ...others] = answer.keys
  const left = answer.sealed.reduce((sum, { before }) => sum + before, 0)
  const lost = answer.sealed.reduce((sum, { unreadable }) => sum + unreadable, 0)
  const rows = answer.sealed.map((each) => [
    each.what,
    String(each.current),
    String(each.before),
    String(each.unreadable),
  ])
  if (others.length > 0)
    cli.say(
      left > 0
        ? text`${bold(current)} seals; ${left} values are still sealed with ${others.join(', ')}: \`remit keys seal-again\``
        : text`${green('✓')} everything is sealed with ${bold(current)}; ${others.join(', ')} can be taken away`,
    )
  if (lost > 0) cli.say(text`${lost} values open with no master key that is here`)
  cli.answer(answer, () => table(['SEALED', `BY ${current}`, 'BEFORE', 'LOST'], rows, cli.width))
}

function showKeys(cli: Cli, answer: KeysJson): void {
  cli.answer(answer, () =>
    table(
      ['KEY', 'ALG', 'HELD', 'SINCE', 'STATE'],
      answer.keys.map((key) => [
        bold(key.kid),
        key.alg,
        key.held,
        moment(key.created_at),
        stateText(key),
      ]),
      cli.width,
    ),
  )
}

function stateText({ good_until, retired_at, signs_from, state }: KeysJson['keys'][number]): Text {
  if (state === 'announced')
    return text`announced${signs_from === undefined ? '' : `, signs from ${moment(signs_from)}`}`
  if (state === 'signing')
    return text`${green('signs')}${retired_at === undefined ? '' : ` until ${moment(retired_at)}`}`
  return dim(text`retired; what it signed is good until ${moment(good_until ?? '')}`)
}
