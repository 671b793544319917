import type { Command } from 'commander'
import { table } from '../lib/terminal/table.ts'
import { bold, dim, green, text } from '../lib/terminal/text.ts'
import { command, type Start } from './command.ts'
import { readSecret } from './connections.ts'
import { CommandFailure } from './failure.ts'

/** `remit providers …` */
export function providersCommand(start: Start): Command {
  const providers = command('providers', 'Identity providers that people sign in with.', [
    'remit providers list',
    'remit providers test https://login.example.com',
    'remit providers add https://login.example.com --name "Example login" --client-id remit',
  ])
  for (const add of [listCommand, addCommand, testCommand]) providers.addCommand(add(start))
  return providers
}

function listCommand(start: Start): Command {
  return command('list', 'Every identity provider.', ['remit providers list']).action(
    async (_options: object, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.call('GET', '/identity-providers', {})
      cli.answer(answer, () =>
        table(
          ['NAME', 'ISSUER', 'CLIENT', 'ATTRIBUTES', 'DOMAINS'],
          answer.providers.map(({ attributes, client_id, domains, issuer, name }) => [
            bold(name),
            issuer,
            client_id,
            attributes.join(', ') || dim('none'),
            domains.join(', ') || dim('none'),
          ]),
          cli.width,
        ),
      )
    },
  )
}

function testCommand(start: Start): Command {
  return command(
    'test',
    'Shows in the browser what a provider says of somebody, and what is made of it.',
    ['remit providers test https://login.example.com'],
  )
    .argument('<issuer>', 'its issuer')
    .action(async (issuer: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const { providers } = await cli.api.call('GET', '/identity-providers', {})
      if (!providers.some((each) => each.issuer === issuer))
        throw new CommandFailure(`\`${issuer}\` is not registered`, {
          code: 'provider.unknown',
          next: ['remit providers list'],
        })
      const page = `${cli.url}/providers?${new URLSearchParams({ issuer })}`
      cli.say(
        text`Signing in there signs nobody in here. Open as an administrator:`,
        text`  ${page}`,
      )
      cli.answer({ page }, () => [])
    })
}

interface AddOptions {
  readonly name: string
  readonly clientId: string
  readonly groupsClaim?: string
  readonly closesTasks?: true
  readonly acrValues?: string
  readonly attribute?: readonly string[]
  readonly domain?: readonly string[]
  readonly public?: true
  readonly secretFile?: string
}

function addCommand(start: Start): Command {
  return command('add', 'Adds an identity provider, or replaces its registration.', [
    'remit providers add https://login.example.com --name "Example login" --client-id remit',
  ])
    .argument('<issuer>', 'its issuer, exactly as it says it')
    .requiredOption('--name <text>', 'what the sign-in page calls it')
    .requiredOption('--client-id <id>', "Remit's client there")
    .option('--public', 'that client has no secret')
    .option('--secret-file <file>', 'its secret; else it is asked for, or read from standard input')
    .option('--groups-claim <name>', "claim that lists the person's groups")
    .option('--attribute <attribute=claim...>', 'what its claims say of people, `department=dept`')
    .option('--domain <name...>', 'of the addresses of its people: who types one is sent there')
    .option('--acr-values <list>', 'ways to prove who one is there; a sign-in has to say one')
    .option(
      '--closes-tasks',
      "signing out there closes the person's tasks, not only their sessions",
    )
    .action(async (issuer: string, options: AddOptions, invoked: Command) => {
      const cli = await start(invoked)
      const { acrValues, attribute, clientId, closesTasks, domain, groupsClaim } = options
      const { name, secretFile } = options
      const secret = options.public
        ? undefined
        : await readSecret(cli, `Secret of ${clientId}`, secretFile)
      await cli.api.call('PUT', '/identity-providers', {
        body: {
          issuer,
          name,
          client_id: clientId,
          client_secret: secret,
          groups_claim: groupsClaim,
          acr_values: acrValues?.split(' ').filter(Boolean),
          closes_tasks: closesTasks,
          attributes: attribute,
          domains: domain,
        },
      })
      cli.say(
        text`${green('✓')} people can sign in with ${bold(name)}`,
        dim(text`  what it says of people: remit providers test ${issuer}`),
        dim(text`  its redirect URI there: ${cli.url}/sign-in/callback`),
        dim(text`  where it says that somebody signed out: ${cli.url}/oauth/backchannel-logout`),
      )
      cli.answer({ issuer, name, client_id: clientId }, () => [])
    })
}
