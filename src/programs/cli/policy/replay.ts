import type { Command } from 'commander'
import type { Terminal } from '../../../console/operation-kit/terminal.ts'
import type { ReplayReportJson } from '../../../extensions/analysis/acts.ts'
import { differenceLines } from '../../../extensions/analysis/operations.ts'
import { readDuration } from '../../../platform/lib/duration.ts'
import { bold, dim, green, text, type Value } from '../../../platform/lib/terminal/text.ts'
import { moment } from '../../../platform/lib/terminal/time.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure, usage } from '../failure.ts'
import { readSources } from '../operations/policy-sources.ts'

interface ReplayOptions {
  readonly since: string
  readonly draft?: string
  readonly agent?: string
}

/** `remit policy replay PATH…` */
export function replayCommand(start: Start, terminal: Terminal): Command {
  return command('replay', 'What a draft would have answered to the calls of the last days.', [
    'remit policy replay ./policies',
    'remit policy replay ./policies --since 30d --agent refund-bot',
  ])
    .argument('[path...]', 'files, or directories of *.cedar')
    .option('--draft <number>', 'the draft of a shadow, instead of files')
    .option('--since <length>', 'how far to look back (h, d, w)', '7d')
    .option('--agent <name>', 'only what this agent did')
    .action(async (paths: readonly string[], options: ReplayOptions, invoked: Command) => {
      const cli = await start(invoked)
      const report = await readReport(cli, '/policies/replay', {
        ...(await given(cli, paths, options.draft)),
        hours: hoursOf(options.since),
        ...(options.agent === undefined ? {} : { agent: options.agent }),
      })
      cli.answer(report, () => reportLines(report, terminal))
    })
}

async function given(cli: Cli, paths: readonly string[], draft: string | undefined) {
  if ((draft !== undefined) === paths.length > 0)
    throw usage('either files, or --draft', 'remit policy replay --help')
  if (draft === undefined) return { text: (await readSources(cli.world.directory, paths)).text }
  if (!/^[1-9]\d{0,8}$/.test(draft)) throw usage(`\`${draft}\` is no number of a draft`)
  return { draft: Number(draft) }
}

export function hoursOf(since: string): number {
  const length = readDuration(since)
  if (length === undefined)
    throw usage(`\`${since}\` is no length of time`, '--since 7d (also h, w)')
  return length / 3_600_000
}

const TELL_EVERY = 50_000

/** Tells now and then how far the server is, and answers what it found. */
async function readReport(cli: Cli, path: string, body: object): Promise<ReplayReportJson> {
  let told = 0
  for await (const line of cli.api.lines(path, body)) {
    const { at, looked, problem, report } = line
    if (report !== undefined) return report as ReplayReportJson // as: the shape of the operation's answer
    if (problem !== undefined) throw failureOf(problem)
    if (typeof looked !== 'number' || looked - told < TELL_EVERY) continue
    told = looked
    cli.say(dim(text`  ${looked} decisions, through ${moment(String(at))} …`))
  }
  throw new CommandFailure('The replay was cut off', { next: ['the same again'] })
}

function failureOf(problem: unknown): CommandFailure {
  const { code, detail }: { code?: unknown; detail?: unknown } = Object(problem)
  return new CommandFailure('The replay ended', {
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof detail === 'string' ? { detail } : {}),
  })
}

function reportLines(report: ReplayReportJson, terminal: Terminal): readonly Value[] {
  const { asked, asks, decided, denied, from, permitted, same, to } = report
  if (decided === 0 || from === null || to === null)
    return [dim('Nothing in that time can be decided again.'), ...leftOut(report)]
  const changed = denied + permitted + asks
  const head =
    changed === 0
      ? text`${green('✓')} ${decided} decisions stay as they are`
      : text`${bold(changed)} of ${decided} decisions would change; ${same} stay as they are`
  return [
    head,
    dim(text`  from ${moment(from)} to ${moment(to)}`),
    '',
    ...differenceLines(report, terminal),
    text`People would be asked ${bold(times(asked.per_day.draft))} a day; now ${times(asked.per_day.now)}`,
    dim(`  different calls: ${asked.draft}; now ${asked.now}`),
    ...leftOut(report),
  ]
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

/** Lines about the decisions that the report leaves out, and why. */
function leftOut({ stopped, without_inputs: without }: ReplayReportJson): readonly Value[] {
  return [
    ...(stopped > 0
      ? [dim(`${stopped} ended before any rule had a say (token, task or catalog)`)]
      : []),
    ...(without > 0
      ? [dim(`${without} have no inputs to decide from: made before they were kept, or erased`)]
      : []),
  ]
}
