import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { bold, green, red, text, type Value, yellow } from '../../lib/terminal/text.ts'
import { POLICY_SETS } from '../../operations/policies/policy-sets.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure } from '../failure.ts'
import { nounCommand } from '../operations/noun.ts'
import { readSources } from '../operations/policy-sources.ts'
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
export const policySetsCommand = nounCommand(POLICY_SETS, [validateCommand, publishCommand])

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
