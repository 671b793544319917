import type { Command } from 'commander'
import { bold, green, text } from '../../lib/terminal/text.ts'
import { command, type Start } from '../command.ts'

const ACTS = {
  suspend: ['Stops everything an agent does, now. Nothing is closed.', 'is suspended'],
  resume: ['Lets a suspended agent work again.', 'works again'],
  retire: ['Ends an agent and its tasks, for good. Its name is never given again.', 'is retired'],
} as const

/** `remit agents suspend | resume | retire NAME`. Done when no replica permits any more. */
export const statusCommands = (['suspend', 'resume', 'retire'] as const).map(
  (act) =>
    (start: Start): Command =>
      command(act, ACTS[act][0], [`remit agents ${act} refund-bot --reason "…"`])
        .argument('<name>', 'the agent')
        .option('--reason <text>', 'why; it is recorded')
        .action(async (name: string, { reason }: { reason?: string }, invoked: Command) => {
          const cli = await start(invoked)
          const route = `/agents/:name/${act}` as const
          const agent = await cli.api.call('POST', route, { params: { name }, body: { reason } })
          cli.say(text`${green('✓')} ${bold(agent.id)} ${ACTS[act][1]}`)
          cli.answer(agent, () => [])
        }),
)
