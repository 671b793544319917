import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { indented } from '../../../platform/lib/terminal/table.ts'
import {
  bold,
  dim,
  green,
  joined,
  red,
  type Text,
  text,
  type Value,
  yellow,
} from '../../../platform/lib/terminal/text.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { usage } from '../failure.ts'
import type { AnswerOf } from '../server/operation-types.ts'
import { hoursOf } from './replay.ts'
import { nothingLine, policyLines, quieterLines } from './suggest-policy.ts'

type LimitsSuggestion = AnswerOf<'GET', '/policies/suggestion/:of/:id'>
type SuggestedBound = LimitsSuggestion['actions'][number]['bounds'][number]

interface SuggestOptions {
  readonly agent?: string
  readonly task?: string
  readonly since: string
  readonly out?: string
  readonly policy?: true
  readonly approvals?: string
}

/** `remit policy suggest` */
export function suggestCommand(start: Start): Command {
  return command('suggest', 'A narrower ceiling, or narrower rules, from what was used.', [
    'remit policy suggest --agent refund-bot --since 30d',
    'remit policy suggest --agent refund-bot --out ceiling.json',
    'remit policy suggest --agent refund-bot --policy --out narrower.cedar',
    'remit policy suggest --agent refund-bot --approvals orders.refund --out quieter.cedar',
    'remit agents limits refund-bot --ceiling-file ceiling.json   # puts it in force',
  ])
    .option('--agent <name>', 'what this agent was permitted, against its ceiling')
    .option('--task <id>', 'what this task was permitted, against what it was given')
    .option('--since <length>', 'how far to look back (h, d, w)', '30d')
    .option('--policy', 'narrower rules instead of a narrower ceiling')
    .option('--approvals <action>', 'rules that do not ask about what people always approved of it')
    .option('--out <file>', 'writes the details, or all policies, into a file')
    .action(async (options: SuggestOptions, invoked: Command) => {
      const { agent, out, since, task } = options
      if ((agent === undefined) === (task === undefined))
        throw usage('either --agent or --task', 'remit policy suggest --help')
      const cli = await start(invoked)
      const whose = agent ?? task ?? ''
      if (options.approvals !== undefined) {
        const query = { agent: whose, action: options.approvals }
        const { draft, suggestions } = await cli.api.call('GET', '/approval-suggestions', { query })
        if (!draft) throw usage('an agent, not a task', 'remit approvals suggestions')
        cli.answer({ draft, suggestions }, () => quieterLines(draft, whose))
        if (out !== undefined) await writePolicies(cli, out, draft.text)
        return
      }
      const given = {
        params: { of: agent === undefined ? 'task' : 'agent', id: whose },
        query: { hours: String(Math.max(1, Math.round(hoursOf(since)))) },
      } as const
      if (options.policy) {
        const found = await cli.api.call('GET', '/policies/suggestion/:of/:id/policy', given)
        cli.answer(found, () => policyLines(found, task ?? found.agent, since))
        if (out === undefined) return
        await writePolicies(cli, out, found.text)
        return
      }
      const found = await cli.api.call('GET', '/policies/suggestion/:of/:id', given)
      cli.answer(found, () => lines(found, whose, since))
      if (out !== undefined)
        await writeSuggestion(cli, out, `${JSON.stringify(found.suggested, null, 2)}\n`)
      else if (!cli.json && agent !== undefined && found.calls > 0)
        cli.say('', dim(`  remit policy suggest --agent ${agent} --out ceiling.json   # to use it`))
    })
}

async function writePolicies(cli: Cli, out: string, text: string): Promise<void> {
  await writeSuggestion(cli, out, text)
  cli.say(
    dim(`  remit policy replay ${out}   # what it changes for everybody`),
    dim(`  remit policy publish ${out}`),
  )
}

async function writeSuggestion(cli: Cli, out: string, content: string): Promise<void> {
  await writeFile(resolve(cli.world.directory, out), content)
  cli.say('', text`${green('✓')} written to ${bold(out)}; nothing is in force yet`)
}

function lines(found: LimitsSuggestion, whose: string, since: string): readonly Value[] {
  const { actions, calls, covered, cut, now, outside, suggested } = found
  if (calls === 0) return [nothingLine(whose, since)]
  const used = new Set(actions.map(({ action }) => action))
  const kept = new Set(suggested.flatMap((detail) => detail.actions))
  const unused = [...new Set(now.flatMap((detail) => detail.actions))].filter(
    (name) => !used.has(name),
  )
  return [
    text`${bold(whose)} was permitted ${calls} calls in ${since}. This would have been enough:`,
    '',
    ...indented([
      ...actions.filter(({ action }) => kept.has(action)).flatMap(actionLines),
      ...unused.map((name) => text`${red('−')} ${name}  ${dim('not used')}`),
    ]),
    '',
    text`${covered === calls - outside ? green('✓') : yellow('!')} it permits ${covered} of these ${calls} calls, and no action that was not used`,
    ...(outside > 0 ? [dim(`  ${outside} are outside of what holds now already`)] : []),
    ...(cut ? [yellow('  there were more calls than are looked at: shorten --since')] : []),
    ...(found.without_inputs > 0
      ? [
          yellow(
            `  ${found.without_inputs} more have no inputs (older, or erased): nothing is known of them`,
          ),
        ]
      : []),
  ]
}

function actionLines({ action, bounds, calls }: LimitsSuggestion['actions'][number]): Text[] {
  const mark = bounds.length > 0 ? yellow('~') : ' '
  return [
    text`${mark} ${bold(action)}  ${dim(`${calls} calls`)}`,
    ...indented(bounds.map(boundLine), 4),
  ]
}

function boundLine({ calls, op, path, seen, value, why }: SuggestedBound) {
  const name = path.slice(1).replaceAll('/', '.')
  const said =
    why === 'always' ? `the same in all ${calls}` : `largest of ${calls}: ${seen}, and room above`
  return text`${joined([name, op === 'eq' ? '=' : '≤', value], ' ')}  ${dim(said)}`
}
