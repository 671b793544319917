import { type Command, InvalidArgumentError } from 'commander'
import { table } from '../lib/terminal/table.ts'
import { bold, dim, green, red, text } from '../lib/terminal/text.ts'
import { command, type Start } from './command.ts'
import { readSecret } from './secret.ts'
import type { AnswerOf } from './server/operation-types.ts'

type Point = AnswerOf<'POST', '/decision-points'>

/** `remit decision-points …` */
export function decisionPointsCommand(start: Start): Command {
  const points = command(
    'decision-points',
    'AuthZEN decision points of others that are asked about calls. They can only deny.',
    [
      'remit decision-points add opa --endpoint https://opa.example/access/v1/evaluation',
      'remit decision-points list',
    ],
  )
  for (const add of [listCommand, addCommand, removeCommand]) points.addCommand(add(start))
  return points
}

function listCommand(start: Start): Command {
  return command('list', 'All of them; credentials are never shown again.', [
    'remit decision-points list',
  ]).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    const answer = await cli.api.call('GET', '/decision-points', {})
    cli.answer(answer, () =>
      answer.points.length === 0
        ? [dim('Nobody else is asked about calls.')]
        : table(
            ['NAME', 'ADDRESS', 'ASKED ABOUT', 'TIME LIMIT', 'ARGUMENTS', 'STATUS'],
            answer.points.map((each) => [
              bold(each.name),
              each.url,
              askedAbout(each),
              `${each.timeout_ms} ms`,
              each.arguments ? 'told' : 'not told',
              each.left_alone ? red('fails: calls are denied') : green('asked'),
            ]),
            cli.width,
          ),
    )
  })
}

function askedAbout({ actions, resources }: Point): string {
  return [...resources, ...actions].join(', ') || 'every call'
}

interface AddOptions {
  readonly endpoint: string
  readonly bearer?: true
  readonly header?: string
  readonly fromFile?: string
  readonly resource?: readonly string[]
  readonly action?: readonly string[]
  readonly timeout?: number
  readonly arguments: boolean
}

function addCommand(start: Start): Command {
  return command(
    'add',
    'Has one asked from now on. No call that it is for goes through without it.',
    [
      'remit decision-points add opa --endpoint https://opa.example/access/v1/evaluation',
      'remit decision-points add pay --endpoint https://pdp.example/access/v1/evaluation --bearer --action bank.pay --no-arguments',
    ],
  )
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .requiredOption('--endpoint <url>', 'where access evaluations are asked')
    .option('--bearer', 'it takes a credential, which is asked for, or read')
    .option('--header <name>', 'the header it goes into; else Authorization: Bearer …')
    .option('--from-file <file>', 'read the credential from there; - for standard input')
    .option('--resource <name>', 'only about calls to this one; again for more', gathered)
    .option('--action <name>', 'or of this action; again for more', gathered)
    .option('--timeout <ms>', '50 to 5000; 1000 when not said', readTimeout)
    .option('--no-arguments', 'it is not told the arguments of calls')
    .action(async (name: string, options: AddOptions, invoked: Command) => {
      const cli = await start(invoked)
      const { action, bearer, fromFile, header, resource, timeout } = options
      const secret =
        bearer || header !== undefined || fromFile !== undefined
          ? await readSecret(cli, `Credential for ${name}`, fromFile)
          : undefined
      const added = await cli.api.call('POST', '/decision-points', {
        body: {
          name,
          url: options.endpoint,
          arguments: options.arguments,
          secret,
          header,
          resources: resource,
          actions: action,
          timeout_ms: timeout,
        },
      })
      cli.say(
        text`${green('✓')} ${bold(added.name)} is asked about ${askedAbout(added)}`,
        dim('  while it does not answer, those calls are denied'),
      )
      cli.answer(added, () => [])
    })
}

function removeCommand(start: Start): Command {
  return command('remove', 'Has it not asked any more.', ['remit decision-points remove opa'])
    .argument('<name>', 'of `remit decision-points list`')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await cli.api.call('DELETE', '/decision-points/:name', { params: { name } })
      cli.say(text`${green('✓')} ${bold(name)} is not asked any more`)
      cli.answer({ decision_point: name, removed: true }, () => [])
    })
}

function gathered(each: string, before: readonly string[] = []): readonly string[] {
  return [...before, each]
}

function readTimeout(given: string): number {
  if (!/^\d{2,4}$/.test(given)) throw new InvalidArgumentError('a number from 50 to 5000')
  return Number(given)
}
