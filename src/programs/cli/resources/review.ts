import type { Command } from 'commander'
import { bold, dim, green, text } from '../../../platform/lib/terminal/text.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure, usage } from '../failure.ts'
import { type DefinitionOffer, offeredLines } from './differences.ts'

interface Options {
  readonly accept?: readonly string[]
  readonly acceptAll?: true
  readonly reject?: readonly string[]
}

/** `remit resources review NAME` */
export function reviewCommand(start: Start): Command {
  return command(
    'review',
    'Definitions of an API or MCP server that wait for an administrator: changed ones, and new ones.',
    [
      'remit resources review desk',
      'remit resources review desk --accept desk.send-message',
      'remit resources review desk --accept-all',
      'remit resources review desk --reject desk.delete-everything',
    ],
  )
    .argument('<name>', 'the API')
    .option('--accept <actions...>', 'these count from now on, as they are shown')
    .option('--accept-all', 'all that waits counts from now on, as it is shown')
    .option(
      '--reject <actions...>',
      'these stay out: what changed stays quarantined, what is new is not offered',
    )
    .action(async (name: string, options: Options, invoked: Command) => {
      await review(await start(invoked), name, options)
    })
}

async function review(cli: Cli, name: string, options: Options): Promise<void> {
  const { accept, acceptAll, reject } = options
  if ([accept, acceptAll, reject].filter((each) => each !== undefined).length > 1)
    throw usage('Say --accept, --accept-all or --reject', `remit resources review ${name}`)
  const params = { name }
  const { changes } = await cli.api.call('GET', '/resources/:name/changes', { params })
  const meant = chosen(name, changes, options)
  if (!meant) {
    cli.answer({ changes }, () => [...offeredLines(name, changes), ...next(name, changes)])
    return
  }
  // INVARIANT: the sent definitions are those shown to the person who accepts them.
  cli.say(...offeredLines(name, meant), '')
  const how = reject ? 'reject' : 'accept'
  const answer = await cli.api.call('POST', `/resources/:name/changes/${how}` as const, {
    params,
    body: { changes: meant.map(({ action, digest }) => ({ action, digest })) },
  })
  const words = how === 'accept' ? 'accepted: calls are decided by it now' : 'rejected'
  for (const { action } of meant) cli.say(text`${green('✓')} ${bold(action)} is ${words}`)
  cli.answer(answer, () => [])
}

/** Picks the changes that an answer is about; nothing when none was given. */
function chosen(
  name: string,
  changes: readonly DefinitionOffer[],
  { accept, acceptAll, reject }: Options,
): readonly DefinitionOffer[] | undefined {
  if (acceptAll) {
    const waiting = changes.filter((each) => each.state === 'waiting' && each.unreadable === null)
    if (waiting.length === 0) throw new CommandFailure(`Nothing of ${name} waits for review`)
    return waiting
  }
  const named = accept ?? reject
  return named?.map((action) => {
    const found = changes.find((each) => each.action === action)
    if (found) return found
    throw new CommandFailure(`${action} is not among the changes`, {
      next: [`remit resources review ${name}`],
    })
  })
}

function next(name: string, changes: readonly DefinitionOffer[]) {
  const first = changes.find(({ state }) => state === 'waiting')
  if (!first) return []
  return [
    '',
    dim(text`Once you have looked at it: remit resources review ${name} --accept ${first.action}`),
    dim(text`or --reject ${first.action}, or --accept-all`),
  ]
}
