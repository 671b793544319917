import {
  Issuer,
  type IssuerAnswer,
  IssuerTerms,
  issuerLines,
  ShortText,
  stateInWords,
  type TermsFile,
  terms,
  USES,
} from '../operation-kit/issuer-shape.ts'
import { describe, noun, type SchemaKit } from '../operation-kit/operation.ts'
import { authority, change, expires, person, trust } from '../operation-kit/shared-sources.ts'
import {
  input,
  jsonFile,
  numeric,
  type Source,
  together,
  UnreadableInput,
} from '../operation-kit/source.ts'
import type { Detail } from '../operation-kit/terminal.ts'

const name = input('<name>', 'of `remit issuers list`')
const any = input('--any', 'no ceiling of its own: whatever the agents may be given')
const ceiling = authority(
  input('--ceiling <action...>', 'the most that may come of it: actions, without bounds'),
  input('--ceiling-file <file>', 'the same as details, as JSON'),
)
const atMost: Source<readonly Detail[] | null> = {
  inputs: [...any.inputs, ...ceiling.inputs],
  read: ([all, ...typed], reading) => {
    if (!all) return ceiling.read(typed, reading)
    if (typed.every((each) => each === undefined)) return null
    throw reading.usage('Say --any or a ceiling, not both')
  },
}

const TENANT = /^([^=]+)=(.+)$/s
const tenant = input(
  '--tenant <claim=value>',
  'where customers share the issuer: what tells ours',
  {
    check: (typed) => {
      if (!TENANT.test(typed)) throw new UnreadableInput('CLAIM=VALUE, for example tenant=org_123.')
    },
    read: (typed: string) => {
      const [, claim = '', value = ''] = TENANT.exec(typed) ?? []
      return { claim, value }
    },
  },
)
const jwksUri = input('--jwks-uri <url>', 'where its keys are; else what its metadata says')
const jwksFile = jsonFile('--jwks-file <file>', 'its keys, as a JWK set')
const bundle = input('--bundle <url>', 'bundle endpoint of a SPIFFE trust domain')
const secret = input(
  '--secret-file <file>',
  'with which introspection is asked; - for standard input',
  { read: (file, reading) => reading.secret('Secret', file) },
)
const count = (term: `--${string}>`, says: string) =>
  numeric(term, says, { looks: /^\d{1,7}$/, otherwise: 'a whole number.' })

const Change = (kit: SchemaKit) => ({
  params: kit.ByName,
  body: kit.Reason,
  answer: Issuer(kit),
})

/** `remit issuers …` */
export const ISSUERS = noun({
  name: 'issuers',
  says: 'Trusted external issuers: clusters, pipelines and platforms that identify agents, servers whose access tokens are accepted, partners.',
  operations: {
    list: describe({
      route: 'GET /issuers',
      says: 'Every issuer of others that is, or was, trusted with something.',
      schemas: (kit) => ({ answer: kit.listOf('issuers', Issuer(kit)) }),
      command: (terminal) => ({
        says: 'All of them, also those that were revoked.',
        examples: ['remit issuers list'],
        prints: ({ issuers }) =>
          terminal.table(
            issuers,
            {
              NAME: (each) => terminal.bold(each.name),
              ISSUER: ({ issuer, tenant }) => (tenant ? `${issuer} (${tenant.value})` : issuer),
              FOR: (each) => each.terms.uses.join(', '),
              TRUST: (each) => terminal.trust(each.terms.trust),
              AGENTS: 'agents',
              STATE: (each) => stateInWords(each, terminal),
            },
            'No issuer of others is trusted with anything.',
          ),
      }),
    }),
    show: describe({
      route: 'GET /issuers/:name',
      says: 'One of them, with its terms as they can be set again.',
      schemas: (kit) => ({ params: kit.ByName, answer: Issuer(kit) }),
      command: (terminal) => ({
        says: 'One of them, with its terms. With --json they can be set again.',
        examples: ['remit issuers show prod-cluster'],
        takes: { params: { name } },
        prints: (issuer) => issuerLines(issuer, terminal),
      }),
    }),
    add: describe({
      route: 'POST /issuers',
      widens: true,
      says: 'Trusts an issuer of others: which agents it may vouch for, whose tokens of it count, and what may come of it at most. Its name is never given out again.',
      schemas: (kit) => {
        const Text = ShortText(kit)
        const { exactly, Type } = kit
        return {
          body: exactly({
            name: kit.Name,
            issuer: Type.String({
              minLength: 1,
              maxLength: 2048,
              description:
                'exactly as its tokens say it; of a SPIFFE trust domain `spiffe://` and its name',
            }),
            tenant: Type.Optional(Type.Union([exactly({ claim: Text, value: Text }), Type.Null()])),
            ...terms(kit),
          }),
          answer: Issuer(kit),
        }
      },
      confirms: ({ body }) => `Trust the issuer ${body.issuer} as ${body.name}`,
      command: (terminal) => ({
        says: 'Trusts an issuer of others. Its name is never given out again.',
        examples: [
          'remit issuers add prod-cluster --issuer https://oidc.example.com/prod --use workload --trust 3 --any --subject-prefix system:serviceaccount:agents: --rules-file rules.json',
          'remit issuers add mesh --issuer spiffe://prod.example.com --bundle https://spire.example.com/bundle --use workload --trust 3 --any',
          'remit issuers add our-pipelines --issuer https://token.actions.githubusercontent.com --tenant repository_owner_id=1234567 --use workload --trust 2 --ceiling "deploys.*"',
        ],
        takes: {
          body: {
            name: input('<name>', 'lower-case letters, digits and hyphens'),
            issuer: input(
              '--issuer <text>',
              'exactly as its tokens say it; spiffe://DOMAIN of a trust domain',
              { required: true },
            ),
            uses: input('--use <use...>', USES.join(', '), {
              required: true,
              read: (typed: readonly string[]) => typed as IssuerAnswer['terms']['uses'], // as: the server says which of them is none
            }),
            trust: trust('the most: 0 quarantined, 1 external, 2 partner, 3 internal', true),
            ceiling: atMost,
            tenant,
            subject_prefix: input(
              '--subject-prefix <text>',
              'what the subject of each of its tokens begins with',
            ),
            keys: together([jwksUri, jwksFile, bundle], ([uri, jwks, at], { usage }) => {
              const said = [uri, jwks, at].filter((each) => each !== undefined)
              if (said.length > 1)
                throw usage('Say once where its keys are: --jwks-uri, --jwks-file or --bundle')
              if (at !== undefined) return { spiffe_bundle: at }
              if (uri !== undefined) return { jwks_uri: uri }
              return jwks === undefined ? undefined : { jwks }
            }),
            algorithms: input('--algorithm <alg...>', 'those of its signatures that count'),
            audience: input(
              '--audience <text>',
              "the only audience of its tokens; else Remit's issuer",
            ),
            rules: jsonFile<readonly unknown[]>(
              '--rules-file <file>',
              'which agent a token is of, as JSON (docs/trusted-issuers.md)',
            ),
            access: jsonFile('--access-file <file>', 'how its access tokens are read, as JSON'),
            people: jsonFile(
              '--people-file <file>',
              'for whom its identity assertions speak, as JSON',
            ),
            peer: jsonFile('--peer-file <file>', 'what it gets of our assertions, as JSON'),
            secret,
            most_agents: count('--most-agents <count>', 'that are made for its subjects'),
            most_people: count('--most-people <count>', 'whom it may bring that were never here'),
            people_an_hour: count('--people-an-hour <count>', 'of those in an hour'),
            bearer: input('--bearer', 'tokens count without proof of a key'),
            owner: person(
              '--owner <person>',
              'who answers for what comes of it: id, e-mail or name; else you',
            ),
            contact: input('--contact <text>', 'whom to reach over there'),
            expires_at: expires(
              '--expires <when>',
              '90d, or a time: when the trust ends by itself',
            ),
          },
        },
        said: ({ answer }) => [
          terminal.done`${terminal.bold(answer.name)} is trusted with ${answer.terms.uses.join(', ')}`,
          '',
        ],
        prints: (issuer) => issuerLines(issuer, terminal),
      }),
    }),
    set: describe({
      id: 'issuers.set_terms',
      route: 'PUT /issuers/:name/terms',
      widens: true,
      says: 'Sets everything about an issuer that can change; what is left out gets its default. Resource tokens of tasks that depend on the issuer are void, and are issued again under the new terms.',
      schemas: (kit) => ({ params: kit.ByName, body: IssuerTerms(kit), answer: Issuer(kit) }),
      confirms: ({ params }) => `Change what the issuer ${params.name} is trusted with`,
      command: (terminal) => ({
        says: 'Sets everything about an issuer that can change, from a file: the member `terms` of `remit issuers show NAME --json`.',
        examples: [
          'remit issuers show prod-cluster --json > prod-cluster.json',
          'remit issuers set prod-cluster --file prod-cluster.json',
        ],
        takes: {
          params: { name },
          body: together(
            [
              jsonFile<TermsFile | { readonly terms: TermsFile }>(
                '--file <file>',
                'the terms, or what `show --json` printed, changed',
                { required: true },
              ),
              secret,
            ],
            ([file, given], { usage }) => {
              const found = file && 'terms' in file ? file.terms : file
              if (typeof found !== 'object' || found === null || Array.isArray(found))
                throw usage('The file holds no terms')
              return { ...found, ...(given === undefined ? {} : { secret: given }) }
            },
          ),
        },
        said: ({ answer }) => [terminal.done`${terminal.bold(answer.name)} has new terms`, ''],
        prints: (issuer) => issuerLines(issuer, terminal),
      }),
    }),
    suspend: describe({
      route: 'POST /issuers/:name/suspend',
      widens: false,
      says: 'Stops everything that rests on the issuer, now: its agents, and tasks that began with its tokens.',
      schemas: Change,
      command: (terminal) =>
        change(
          'remit issuers suspend prod-cluster --reason "…"',
          'is suspended',
          { name },
          terminal,
        ),
    }),
    resume: describe({
      route: 'POST /issuers/:name/resume',
      widens: true,
      says: 'Lets a suspended issuer count again. Resource tokens from before stay dead.',
      schemas: Change,
      confirms: ({ params }) => `Let the suspended issuer ${params.name} count again`,
      command: (terminal) =>
        change(
          'remit issuers resume prod-cluster --reason "…"',
          'counts again',
          { name },
          terminal,
        ),
    }),
    revoke: describe({
      route: 'POST /issuers/:name/revoke',
      widens: false,
      says: 'Ends the trust in an issuer for good, and with it everything that came of it.',
      schemas: Change,
      command: (terminal) =>
        change(
          'remit issuers revoke prod-cluster --reason "…"',
          'is revoked; everything that came of it has ended',
          { name },
          terminal,
        ),
    }),
  },
})
