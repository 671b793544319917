import { Argument, type Command } from 'commander'
import { bold, dim, green, text } from '../../lib/terminal/text.ts'
import { KINDS, settingsInWords } from '../../operations/client-schemas.ts'
import { command, type Start } from '../command.ts'
import { readJsonFile } from '../operations/read-json-file.ts'
import { addSettings, type ClientGiven, givenOf, type SettingsOptions } from './settings.ts'

/** Words on what to do with a secret, by kind. */
const USES: Readonly<Record<ClientGiven['kind'], string>> = {
  enforcer: 'it goes into the configuration of the API: direct({ secret, … }) of remit-sdk/api',
  introspector: 'with it tokens are asked about at /oauth/introspect: docs/introspection.md',
  pep: 'as Authorization: Bearer, or with the name as HTTP Basic: docs/authzen.md',
  'signal-source': 'with it signals are raised at /v1/risk-signals: docs/risk.md',
  surface: 'with it the program states threads: docs/spaces.md',
}

export function addCommand(start: Start): Command {
  const add = command('add', 'Adds a machine client. Shows its secret once, unless it has a key.', [
    'remit clients add enforcer shop-api --resource shop',
    'remit clients add pep edge --resource orders billing',
    'remit clients add pep mesh --names-tasks   # it has authenticated the agent itself',
    'remit clients add pep records --policy-set records --properties',
    'remit clients add pep login --issuer https://login.example --client crm-bot=crm-agent',
    'remit clients add surface chat --space returns',
    'remit clients add signal-source our-siem --json   # for a program that keeps the secret',
    'remit clients add introspector reports --key reports.public.jwk',
  ])
    .addArgument(new Argument('<kind>', 'what it may do').choices(KINDS))
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .option('--key <file>', 'file with its public JWK; it then gets no secret')
    .option('--space <name>', 'of a surface: it speaks for this one and all below it')
    .option(
      '--silent-after <seconds>',
      'of a surface: silent for longer, nothing it said counts; 900 when left out',
    )
  return addSettings(add).action(
    async (
      kind: ClientGiven['kind'],
      name: string,
      options: SettingsOptions & { readonly key?: string },
      invoked: Command,
    ) => {
      const cli = await start(invoked)
      const jwk = options.key === undefined ? {} : { jwk: await readJsonFile(cli, options.key) }
      const body = { id: name, ...jwk, ...givenOf(kind, options) }
      const added = await cli.api.call('POST', '/clients', { body })
      cli.say(text`${green('✓')} ${bold(added.id)} is registered: ${settingsInWords(added)}`)
      cli.answer(added, () =>
        added.secret === undefined
          ? []
          : [text`  its secret, shown this once: ${bold(added.secret)}`, dim(`  ${USES[kind]}`)],
      )
    },
  )
}
