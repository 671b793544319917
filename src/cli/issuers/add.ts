import { type Command, InvalidArgumentError } from 'commander'
import { bold, green, text } from '../../lib/terminal/text.ts'
import { type AllowedDetail, readAllowed } from '../authority.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { readExpires } from '../expires.ts'
import { usage } from '../failure.ts'
import { findPerson } from '../person.ts'
import { readSecret } from '../secret.ts'
import { type IssuerTerms, showIssuer } from './issuer.ts'
import { readJsonFile } from './read-json-file.ts'

interface AddOptions {
  readonly issuer: string
  /** The server says which of them is none. */
  readonly use: IssuerTerms['uses']
  readonly trust: number
  readonly any?: true
  readonly ceiling?: readonly string[]
  readonly ceilingFile?: string
  readonly tenant?: { readonly claim: string; readonly value: string }
  readonly subjectPrefix?: string
  readonly jwksUri?: string
  readonly jwksFile?: string
  readonly bundle?: string
  readonly algorithm?: readonly string[]
  readonly audience?: string
  readonly rulesFile?: string
  readonly accessFile?: string
  readonly peopleFile?: string
  readonly peerFile?: string
  readonly secretFile?: string
  readonly mostAgents?: number
  readonly mostPeople?: number
  readonly peopleAnHour?: number
  readonly bearer?: true
  readonly owner?: string
  readonly contact?: string
  readonly expires?: string
}

/** `remit issuers add NAME …` */
export function addCommand(start: Start): Command {
  return command('add', 'Trusts an issuer of others. Its name is never given out again.', [
    'remit issuers add prod-cluster --issuer https://oidc.example.com/prod --use workload --trust 3 --any --subject-prefix system:serviceaccount:agents: --rules-file rules.json',
    'remit issuers add mesh --issuer spiffe://prod.example.com --bundle https://spire.example.com/bundle --use workload --trust 3 --any',
    'remit issuers add our-pipelines --issuer https://token.actions.githubusercontent.com --tenant repository_owner_id=1234567 --use workload --trust 2 --ceiling "deploys.*"',
  ])
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .requiredOption(
      '--issuer <text>',
      'exactly as its tokens say it; spiffe://DOMAIN of a trust domain',
    )
    .requiredOption('--use <use...>', 'workload, access_token, id_jag, chaining, attestation, peer')
    .requiredOption(
      '--trust <level>',
      'the most: 0 quarantined, 1 external, 2 partner, 3 internal',
      readTrust,
    )
    .option('--any', 'no ceiling of its own: whatever the agents may be given')
    .option('--ceiling <action...>', 'the most that may come of it: actions, without bounds')
    .option('--ceiling-file <file>', 'the same as details, as JSON')
    .option(
      '--tenant <claim=value>',
      'where customers share the issuer: what tells ours',
      readTenant,
    )
    .option('--subject-prefix <text>', 'what the subject of each of its tokens begins with')
    .option('--jwks-uri <url>', 'where its keys are; else what its metadata says')
    .option('--jwks-file <file>', 'its keys, as a JWK set')
    .option('--bundle <url>', 'bundle endpoint of a SPIFFE trust domain')
    .option('--algorithm <alg...>', 'those of its signatures that count')
    .option('--audience <text>', "the only audience of its tokens; else Remit's issuer")
    .option('--rules-file <file>', 'which agent a token is of, as JSON (docs/trusted-issuers.md)')
    .option('--access-file <file>', 'how its access tokens are read, as JSON')
    .option('--people-file <file>', 'for whom its identity assertions speak, as JSON')
    .option('--peer-file <file>', 'what it gets of our assertions, as JSON')
    .option('--secret-file <file>', 'with which introspection is asked; - for standard input')
    .option('--most-agents <count>', 'that are made for its subjects', readCount)
    .option('--most-people <count>', 'whom it may bring that were never here', readCount)
    .option('--people-an-hour <count>', 'of those in an hour', readCount)
    .option('--bearer', 'tokens count without proof of a key')
    .option('--owner <person>', 'who answers for what comes of it: id, e-mail or name; else you')
    .option('--contact <text>', 'whom to reach over there')
    .option('--expires <when>', '90d, or a time: when the trust ends by itself')
    .action(async (name: string, options: AddOptions, invoked: Command) => {
      const cli = await start(invoked)
      const issuer = await cli.api.call('POST', '/issuers', {
        body: {
          name,
          issuer: options.issuer,
          tenant: options.tenant,
          ...(await termsOf(cli, options)),
        },
      })
      cli.say(
        text`${green('✓')} ${bold(issuer.name)} is trusted with ${issuer.terms.uses.join(', ')}`,
        '',
      )
      showIssuer(cli, issuer)
    })
}

async function termsOf(cli: Cli, options: AddOptions): Promise<IssuerTerms> {
  const { accessFile, expires, owner, peerFile, peopleFile, rulesFile, secretFile } = options
  const read = async <T>(file: string | undefined) =>
    file === undefined ? undefined : readJsonFile<T>(cli, file)
  return {
    uses: options.use,
    trust: options.trust,
    ceiling: await ceiling(cli, options),
    ...(await keysOf(cli, options)),
    rules: await read<unknown[]>(rulesFile),
    access: await read(accessFile),
    people: await read(peopleFile),
    peer: await read(peerFile),
    ...(secretFile === undefined ? {} : { secret: await readSecret(cli, 'Secret', secretFile) }),
    ...(owner === undefined ? {} : { owner: (await findPerson(cli.api, owner)).id }),
    ...(expires === undefined ? {} : { expires_at: readExpires(expires, cli.world.clock.now()) }),
    subject_prefix: options.subjectPrefix,
    algorithms: options.algorithm,
    audience: options.audience,
    most_agents: options.mostAgents,
    most_people: options.mostPeople,
    people_an_hour: options.peopleAnHour,
    bearer: options.bearer,
    contact: options.contact,
  }
}

async function ceiling(cli: Cli, options: AddOptions): Promise<IssuerTerms['ceiling']> {
  const said = options.ceiling !== undefined || options.ceilingFile !== undefined
  if (options.any && said) throw usage('Say --any or a ceiling, not both')
  return options.any ? null : readAllowed(cli, ceilingOf(options))
}

async function keysOf(cli: Cli, options: AddOptions): Promise<{ keys?: object }> {
  const { bundle, jwksFile, jwksUri } = options
  if ([bundle, jwksFile, jwksUri].filter((each) => each !== undefined).length > 1)
    throw usage('Say once where its keys are: --jwks-uri, --jwks-file or --bundle')
  if (bundle !== undefined) return { keys: { spiffe_bundle: bundle } }
  if (jwksUri !== undefined) return { keys: { jwks_uri: jwksUri } }
  return jwksFile === undefined ? {} : { keys: { jwks: await readJsonFile(cli, jwksFile) } }
}

/** `CLAIM=VALUE`; the first `=` parts them. */
function readTenant(given: string): { claim: string; value: string } {
  const at = given.indexOf('=')
  if (at < 1 || at === given.length - 1)
    throw new InvalidArgumentError('CLAIM=VALUE, for example tenant=org_123.')
  return { claim: given.slice(0, at), value: given.slice(at + 1) }
}

function readCount(given: string): number {
  if (!/^\d{1,7}$/.test(given)) throw new InvalidArgumentError('a whole number.')
  return Number(given)
}

function ceilingOf({ ceiling: actions, ceilingFile: file }: AddOptions): AllowedDetail {
  return { actions, file, options: ['--ceiling ACTION …', '--ceiling-file FILE'] }
}

function readTrust(given: string): number {
  if (!/^[0-3]$/.test(given)) throw new InvalidArgumentError('a trust level is 0, 1, 2 or 3.')
  return Number(given)
}
