// docs/cli.md, made from the commands themselves. `--check` fails when the page is not what they say.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { examplesOf } from '../src/programs/cli/command.ts'
import { createProgram } from '../src/programs/cli/program.ts'
import { systemWorld } from '../src/programs/cli/system-world.ts'

const page = join(import.meta.dirname, '..', 'docs', 'cli.md')

/** The page is the same wherever it is made: no server runs here, and nobody looks. */
const world = { ...systemWorld(), environment: {}, directory: '/', home: '/' }
const program = await createProgram(world)
const help = program.createHelp()

function rows(title: string, items: readonly (readonly [string, string])[]): string[] {
  if (items.length === 0) return []
  const lines = items.map(([term, says]) => `| \`${term}\` | ${says.replaceAll('|', '\\|')} |`)
  return ['', `| ${title} | Meaning |`, '| --- | --- |', ...lines]
}

function isHelp(term: string): boolean {
  return term === '-h, --help' || term === '--version'
}

function section(command: Command, path: string, level: number): string[] {
  const args = help
    .visibleArguments(command)
    .map((each) => [help.argumentTerm(each), help.argumentDescription(each)] as const)
  const options = help
    .visibleOptions(command)
    .map((each) => [help.optionTerm(each), help.optionDescription(each)] as const)
    .filter(([term]) => !isHelp(term))
  return [
    '',
    `${'#'.repeat(level)} ${path}`,
    '',
    command.description(),
    '',
    '```sh',
    ...examplesOf(command),
    '```',
    ...rows('Argument', args),
    ...rows('Option', options),
    ...command.commands.flatMap((sub) => section(sub, `${path} ${sub.name()}`, level + 1)),
  ]
}

const groups = Map.groupBy(program.commands, (command) => command.helpGroup())
const everywhere = help
  .visibleOptions(program)
  .map((each) => [help.optionTerm(each), help.optionDescription(each)] as const)
const text = [
  '# Command line',
  '',
  'This page lists every command with its arguments, its options and examples. It is generated from the commands.',
  '`remit COMMAND --help` shows the same in a terminal. A command exits with 0 when it is done, with 1 when it is refused or fails, and',
  'with 2 when it is not understood.',
  ...rows('Everywhere', everywhere),
  ...[...groups].flatMap(([title, commands]) => [
    '',
    `## ${title}`,
    ...commands.flatMap((command) => section(command, `remit ${command.name()}`, 3)),
  ]),
  '',
].join('\n')

if (process.argv.includes('--check')) {
  const same = readFileSync(page, 'utf8') === text
  console.log(
    same
      ? 'docs/cli.md agrees with the commands'
      : 'docs/cli.md is stale: node tools/write-cli-page.ts',
  )
  process.exitCode = same ? 0 : 1
} else {
  writeFileSync(page, text)
}
