import type { Command } from 'commander'
import { bold, dim, green, text } from '../../../platform/lib/terminal/text.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandExit, CommandFailure, usage } from '../failure.ts'
import { readSources, type Sources } from '../operations/policy-sources.ts'
import type { AnswerOf } from '../server/operation-types.ts'
import { diffLines, readDiff } from './diff.ts'
import { failedLines, failedOf, testsHold } from './failed-tests.ts'
import { mistakeLines, mistakesOf, placed } from './mistakes.ts'

type PublishAnswer = AnswerOf<'POST', '/policies'>

interface PublishOptions {
  readonly note?: string
  readonly again?: string
  readonly yes?: true
  /** False: `--no-tests`. */
  readonly tests: boolean
}

/** `remit policy publish PATH…`, or `--again N` */
export function publishCommand(start: Start): Command {
  return command('publish', 'Puts these policies, and no others, in force. All or nothing.', [
    'remit policy publish ./policies --note "refunds over 100 ask finance"',
    'remit policy publish --again 3   # takes back what was published since',
  ])
    .argument('[path...]', 'files, or directories (*.cedar, with tests/*.yaml beside them)')
    .option('--note <text>', 'what changed, and why')
    .option('--again <version>', 'an older version once more, instead of files')
    .option('--no-tests', 'without tests; those of the version in force end')
    .option('--yes', 'do not ask')
    .action(async (paths: readonly string[], options: PublishOptions, invoked: Command) => {
      const cli = await start(invoked)
      if ((options.again !== undefined) === paths.length > 0)
        throw usage('either files to publish, or --again', 'remit policy publish --help')
      if (options.again === undefined) await publishFiles(cli, paths, options)
      else await publishAgain(cli, options.again, options)
    })
}

async function publishFiles(
  cli: Cli,
  paths: readonly string[],
  options: PublishOptions,
): Promise<void> {
  const { note, tests } = options
  const sources = await readSources(cli.world.directory, paths)
  await confirmPublish(cli, sources.text, options, sources)
  const given = tests ? sources.tests : []
  const body = { text: sources.text, files: sources.starts, tests: given, note }
  const published = await cli.api.call('POST', '/policies', { body }).catch((error: unknown) => {
    throw inFiles(cli, error, sources)
  })
  showPublished(cli, { ...published, warnings: placed(published.warnings, sources) })
}

async function publishAgain(cli: Cli, version: string, options: PublishOptions): Promise<void> {
  const older = await cli.api.call('GET', '/policies/:version', { params: { version } })
  await confirmPublish(cli, older.text, options)
  const published = await cli.api
    .call('POST', '/policies/:version/publish', {
      params: { version },
      body: { note: options.note },
    })
    .catch((error: unknown) => {
      throw inFiles(cli, error, undefined)
    })
  showPublished(cli, published)
}

/** Shows what would change. Asks a person at a terminal, where no page asks them. */
async function confirmPublish(
  cli: Cli,
  policies: string,
  { yes }: PublishOptions,
  sources?: Sources,
): Promise<void> {
  if (cli.json) return
  const diff = await readDiff(cli, policies).catch((error: unknown) => {
    // A text that cannot be compared is refused for its mistakes, in a moment.
    if (error instanceof CommandFailure && error.code?.startsWith('policy.')) return undefined
    throw error
  })
  if (diff) cli.say(...diffLines(diff, sources), '')
  if (yes || !cli.world.interactive || (await cli.confirmsOnPage())) return
  if (!(await cli.world.askYes('Publish this?'))) throw new CommandExit(1)
}

function showPublished(cli: Cli, published: PublishAnswer): void {
  const { tested, version, warnings } = published
  cli.say(
    ...mistakeLines(
      warnings.map((each) => ({ file: 'policies', ...each })),
      'warning',
    ),
  )
  const held = tested === 0 ? '' : dim(`  ${testsHold(tested)}`)
  cli.say(text`${green('✓')} version ${bold(version)} is in force everywhere${held}`)
  cli.answer(published, () => [])
}

/** Mistakes are told where they stand in the files, tests with their reasons, and the failure does not repeat them. */
function inFiles(cli: Cli, error: unknown, sources: Sources | undefined): unknown {
  if (!(error instanceof CommandFailure)) return error
  const failed = failedOf(error.members)
  if (failed.length > 0) {
    if (!cli.json) cli.say(...failedLines(failed, () => undefined), '')
    return again(error, `${failed.length} of the tests do not hold`, error.members)
  }
  const mistakes = sources ? placed(mistakesOf(error.members), sources) : []
  if (mistakes.length === 0) return error
  if (!cli.json) cli.say(...mistakeLines(mistakes, 'mistake'), '')
  const count = mistakes.length === 1 ? 'one mistake' : `${mistakes.length} mistakes`
  return again(error, count, { ...error.members, mistakes })
}

function again(
  error: CommandFailure,
  what: string,
  members: CommandFailure['members'],
): CommandFailure {
  return new CommandFailure(error.message, {
    code: error.code,
    detail: `${what}; the policies in force stay in force`,
    members,
  })
}
