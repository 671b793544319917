import { describe, noun } from '../operation-kit/operation.ts'
import { input, together } from '../operation-kit/source.ts'

const clientId = input('--client-id <id>', "Remit's client there", { required: true })

/** `remit providers …`: the OpenID Connect providers that people sign in with. */
export const PROVIDERS = noun({
  name: 'providers',
  says: 'Identity providers that people sign in with.',
  operations: {
    list: describe({
      route: 'GET /identity-providers',
      says: 'Every identity provider.',
      schemas: ({ listOf, Type }) => ({
        answer: listOf(
          'providers',
          Type.Object({
            issuer: Type.String(),
            name: Type.String(),
            client_id: Type.String(),
            groups_claim: Type.String(),
            attributes: Type.Array(Type.String(), { description: '`attribute=claim` each' }),
            domains: Type.Array(Type.String()),
          }),
        ),
      }),
      command: ({ bold, dim, table }) => ({
        prints: ({ providers }) =>
          table(providers, {
            NAME: ({ name }) => bold(name),
            ISSUER: 'issuer',
            CLIENT: 'client_id',
            ATTRIBUTES: ({ attributes }) => attributes.join(', ') || dim('none'),
            DOMAINS: ({ domains }) => domains.join(', ') || dim('none'),
          }),
      }),
    }),
    add: describe({
      id: 'providers.register',
      route: 'PUT /identity-providers',
      widens: true,
      signedAs: 'approvers',
      says: 'Adds an identity provider, or replaces its registration.',
      schemas: ({ exactly, Nothing, secretText, Type }) => ({
        body: exactly({
          issuer: Type.String({ maxLength: 512 }),
          name: Type.String({ minLength: 1, maxLength: 100 }),
          client_id: Type.String({ minLength: 1, maxLength: 256 }),
          client_secret: Type.Optional(secretText({ maxLength: 1024 })),
          groups_claim: Type.Optional(Type.String({ maxLength: 100 })),
          closes_tasks: Type.Optional(Type.Boolean()),
          attributes: Type.Optional(
            Type.Array(Type.String({ maxLength: 300 }), {
              maxItems: 50,
              description: '`attribute=claim` each',
            }),
          ),
          domains: Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { maxItems: 50 })),
          acr_values: Type.Optional(
            Type.Array(Type.String({ pattern: '^[!-~]{1,255}$' }), { maxItems: 10 }),
          ),
        }),
        answer: Nothing,
      }),
      confirms: ({ body }) => `Let people sign in at ${body.issuer}`,
      command: ({ bold, dim, done, text }) => ({
        examples: [
          'remit providers add https://login.example.com --name "Example login" --client-id remit',
        ],
        takes: {
          body: {
            issuer: input('<issuer>', 'its issuer, exactly as it says it'),
            name: input('--name <text>', 'what the sign-in page calls it', { required: true }),
            client_id: clientId,
            client_secret: together(
              [
                clientId,
                input('--public', 'that client has no secret'),
                input(
                  '--secret-file <file>',
                  'its secret; else it is asked for, or read from standard input',
                ),
              ],
              async ([id, without, file], { secret }) =>
                without ? undefined : secret(`Secret of ${id}`, file),
            ),
            groups_claim: input('--groups-claim <name>', "claim that lists the person's groups"),
            attributes: input(
              '--attribute <attribute=claim...>',
              'what its claims say of people, `department=dept`',
            ),
            domains: input(
              '--domain <name...>',
              'of the addresses of its people: who types one is sent there',
            ),
            acr_values: input(
              '--acr-values <list>',
              'ways to prove who one is there; a sign-in has to say one',
              { read: (typed) => typed.split(' ').filter(Boolean) },
            ),
            closes_tasks: input(
              '--closes-tasks',
              "signing out there closes the person's tasks, not only their sessions",
            ),
          },
        },
        said: ({ body: { issuer, name }, url }) => [
          done`people can sign in with ${bold(name)}`,
          dim(text`  what it says of people: remit providers test ${issuer}`),
          dim(text`  its redirect URI there: ${url}/sign-in/callback`),
          dim(text`  where it reports that a person signed out: ${url}/oauth/backchannel-logout`),
        ],
        json: ({ body: { client_id, issuer, name } }) => ({ issuer, name, client_id }),
      }),
    }),
  },
})
