import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { table } from '../../lib/terminal/table.ts'
import { bold, dim, green, red, text, type Value, yellow } from '../../lib/terminal/text.ts'
import { moment } from '../../lib/terminal/time.ts'
import { visibleLines } from '../../lib/terminal/visible.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure } from '../failure.ts'
import { readSources } from '../policy/sources.ts'
import type { AnswerOf, InputOf } from '../server/operation-types.ts'

type Texts = InputOf<'POST', '/policy-sets/validate'>['body']
type Mistake = AnswerOf<'POST', '/policy-sets/validate'>['mistakes'][number]

interface Files {
  readonly policies: readonly string[]
  readonly schema: string
  readonly entities?: string
}

const EXAMPLE = '--policies records.cedar --schema records.cedarschema --entities records.json'

/** `remit policy-sets …` */
export function policySetsCommand(start: Start): Command {
  const sets = command(
    'policy-sets',
    'Sets of policies that answer AuthZEN by themselves: with a schema and entities of their own, about anything.',
    [
      `remit policy-sets publish records ${EXAMPLE}`,
      'remit clients add pep records --policy-set records',
    ],
  )
  for (const add of [listCommand, showCommand, validateCommand, publishCommand])
    sets.addCommand(add(start))
  return sets
}

function listCommand(start: Start): Command {
  return command('list', 'Every version: by name, newest first. The first is in force.', [
    'remit policy-sets list',
  ]).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    const answer = await cli.api.call('GET', '/policy-sets', {})
    cli.answer(answer, () =>
      answer.versions.length === 0
        ? [dim('None yet. `remit policy-sets publish NAME` makes one.')]
        : table(
            ['NAME', 'VERSION', 'PUBLISHED', 'NOTE'],
            answer.versions.map(({ name, note, published_at, version }) => [
              bold(name),
              String(version),
              moment(published_at),
              note,
            ]),
            cli.width,
          ),
    )
  })
}

function showCommand(start: Start): Command {
  return command('show', 'The policies of a version; or its schema, or its entities.', [
    'remit policy-sets show records',
    'remit policy-sets show records 3 --schema > records.cedarschema',
  ])
    .argument('<name>', 'of `remit policy-sets list`')
    .argument('[version]', 'its number; else the one in force', 'active')
    .option('--schema', 'the schema')
    .option('--entities', 'the entities')
    .action(
      async (
        name: string,
        version: string,
        { entities, schema }: { entities?: boolean; schema?: boolean },
        invoked: Command,
      ) => {
        const cli = await start(invoked)
        const shown = await cli.api.call('GET', '/policy-sets/:name/:version', {
          params: { name, version },
        })
        if (cli.json) return cli.answer(shown, () => [])
        const content = schema ? shown.schema : entities ? shown.entities : shown.policies
        const whole = content.endsWith('\n') ? content : `${content}\n`
        const { output } = cli.world
        output.write(output.isTerminal ? visibleLines(whole) : whole)
      },
    )
}

function withFiles(to: Command): Command {
  return to
    .requiredOption('--policies <path...>', 'files, or directories of *.cedar')
    .requiredOption('--schema <file>', 'the Cedar schema of the set')
    .option('--entities <file>', 'JSON: whom and what the set knows; else nobody and nothing')
}

function validateCommand(start: Start): Command {
  return withFiles(
    command('validate', 'Says everything that is wrong with a set, and publishes nothing.', [
      `remit policy-sets validate ${EXAMPLE}`,
    ]),
  ).action(async (files: Files, invoked: Command) => {
    const cli = await start(invoked)
    const found = await cli.api.call('POST', '/policy-sets/validate', {
      body: await textsOf(cli, files),
    })
    cli.say(...lines(found.mistakes, red('✗')), ...lines(found.warnings, yellow('!')))
    if (found.mistakes.length > 0)
      throw new CommandFailure('The policy set has mistakes', {
        members: { mistakes: found.mistakes },
      })
    cli.say(text`${green('✓')} nothing is wrong with it`)
    cli.answer(found, () => [])
  })
}

function publishCommand(start: Start): Command {
  return withFiles(
    command('publish', 'Puts a set in force, as a new version of its name. All or nothing.', [
      `remit policy-sets publish records ${EXAMPLE}`,
    ]),
  )
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .option('--note <text>', 'what changed, and why')
    .action(async (name: string, options: Files & { note?: string }, invoked: Command) => {
      const cli = await start(invoked)
      const { note, ...files } = options
      const body = { ...(await textsOf(cli, files)), note }
      const published = await cli.api
        .call('PUT', '/policy-sets/:name', { params: { name }, body })
        .catch((error: unknown) => {
          if (error instanceof CommandFailure && !cli.json)
            cli.say(...lines(mistakesOf(error.members), red('✗')))
          throw error
        })
      cli.say(...lines(published.warnings, yellow('!')))
      cli.say(text`${green('✓')} version ${bold(published.version)} of ${bold(name)} is in force`)
      cli.answer(published, () => [])
    })
}

async function textsOf(cli: Cli, { entities, policies, schema }: Files): Promise<Texts> {
  const { directory } = cli.world
  return {
    policies: (await readSources(directory, policies)).text,
    schema: await contentOf(directory, schema),
    entities: entities === undefined ? '[]' : await contentOf(directory, entities),
  }
}

function contentOf(directory: string, file: string): Promise<string> {
  return readFile(resolve(directory, file), 'utf8').catch(() => {
    throw new CommandFailure(`\`${file}\` cannot be read`, { exit: 2 })
  })
}

function lines(found: readonly Mistake[], mark: Value): readonly Value[] {
  return found.map(({ column, line, message, part }) => {
    const place = line === undefined ? part : `${part}:${line}:${column}`
    return text`${mark} ${bold(place)}  ${message}`
  })
}

function mistakesOf(members: Readonly<Record<string, unknown>>): readonly Mistake[] {
  const { mistakes } = members
  return Array.isArray(mistakes) ? (mistakes as Mistake[]) : [] // as: what the API says of `policy_set.invalid`
}
