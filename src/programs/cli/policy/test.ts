import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { dim, green, red, text } from '../../../platform/lib/terminal/text.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandExit, CommandFailure } from '../failure.ts'
import { readSources, type Sources } from '../operations/policy-sources.ts'
import { failedLines, type TestReport, testsHold } from './failed-tests.ts'
import { mistakeLines, placed } from './mistakes.ts'

interface TestOptions {
  readonly schema?: string
}

/** `remit policy test PATH…` */
export function testCommand(start: Start): Command {
  return command('test', 'Runs the tests of policies on this computer, without publishing.', [
    'remit policy test ./policies',
    'remit policy test ./policies more-tests.yaml',
    'remit policy schema > remit.cedarschema',
    'remit policy test ./policies --schema remit.cedarschema   # asks no server',
  ])
    .argument('<path...>', 'directories (*.cedar, and tests/*.yaml), or files of either kind')
    .option('--schema <file>', 'what rules can speak of; else as the server has it now')
    .action(async (paths: readonly string[], options: TestOptions, invoked: Command) => {
      const cli = await start(invoked)
      const sources = await readSources(cli.world.directory, paths)
      const schema = await schemaFor(cli, options)
      await testSources(cli, sources, schema)
    })
}

async function schemaFor(cli: Cli, { schema: file }: TestOptions): Promise<string> {
  if (file === undefined) return (await cli.api.call('GET', '/policy-schema', {})).schema
  return readFile(resolve(cli.world.directory, file), 'utf8').catch((cause: unknown) => {
    throw new CommandFailure('The schema cannot be read', {
      detail: `there is no \`${file}\``,
      cause,
    })
  })
}

async function testSources(cli: Cli, sources: Sources, schema: string): Promise<void> {
  const { tests } = sources
  if (!tests || tests.length === 0) {
    throw new CommandFailure('There are no tests', {
      detail: `${sources.files.join(', ')}: there is no tests/*.yaml beside them`,
    })
  }
  // The official tools take a moment to load, which other commands need not wait for.
  const { idsAt } = await import('../../../policy/cedar/index.ts')
  const { runCasesInWorker, validatePolicies } = await import('../../../policy/policy/index.ts')
  const { mistakes } = validatePolicies(sources.text, schema)
  if (mistakes.length > 0) {
    const found = placed(mistakes, sources)
    cli.answer({ mistakes: found, cases: 0, calls: 0, failed: [] }, () => [
      ...mistakeLines(found, 'mistake'),
    ])
    cli.say('', text`${red('✗')} ${mistakes.length} to correct before anything can be tested`)
    throw new CommandExit(1)
  }
  const report: TestReport = await runCasesInWorker({
    text: sources.text,
    files: sources.starts,
    schema,
    tests,
  })
  const ids = idsAt(sources.text)
  const testPlace = (id: string) => {
    const line = ids.get(id)
    if (line === undefined) return undefined
    const place = sources.place(line)
    return `${place.file}:${place.line}`
  }
  cli.answer({ mistakes: [], ...report }, () => failedLines(report.failed, testPlace))
  showTestReport(cli, report)
}

function showTestReport(cli: Cli, { calls, cases, failed }: TestReport): void {
  if (failed.length > 0) {
    const sentences = new Set(failed.map(({ file, it, line }) => `${file} ${it ?? line}`)).size
    cli.say('', text`${red('✗')} ${sentences} of ${cases} tests do not hold`)
    throw new CommandExit(1)
  }
  cli.say(text`${green('✓')} ${testsHold(cases)} ${dim(`(${calls} calls decided)`)}`)
}
