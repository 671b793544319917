import { describe, type SchemaKit } from '../../operation-kit/operation.ts'
import { input, type ReaderContext, together } from '../../operation-kit/source.ts'
import { AgentProfile, agentLines, Client } from './shape.ts'

export const name = input('<name>', 'the agent')

/** Key from a file, or one that is made. */
export const key = together(
  [
    input('--key <file>', 'its public key, as JWK'),
    input('--key-out <file>', 'make a key; the private half goes into this new file'),
  ],
  ([file, out], { publicKey, usage }) => {
    if (file !== undefined && out !== undefined) throw usage('Say --key or --key-out, not both')
    return publicKey(file, out)
  },
)

/** `ISSUER=CLIENT_ID`; the last `=` parts them, since an address may have one. */
export function readClient(given: string, { usage }: Pick<ReaderContext, 'usage'>) {
  const at = given.lastIndexOf('=')
  const [issuer, id] = [given.slice(0, at), given.slice(at + 1)]
  if (at >= 1 && id !== '' && URL.canParse(issuer)) return { issuer, client_id: id }
  throw usage(
    `\`${given}\` is not ISSUER=CLIENT_ID`,
    'for example https://login.example.com=my-client',
  )
}

const client = input('<issuer=id>', 'its client at an identity provider', { read: readClient })

const CertificateName = ({ exactly, Type }: SchemaKit) =>
  exactly({
    kind: Type.Enum(['subject_dn', 'san_dns', 'san_uri', 'san_ip', 'san_email'], {
      description: 'as RFC 8705 section 2.1.2 has it, without `tls_client_auth_`',
    }),
    value: Type.String({ minLength: 1, maxLength: 1024 }),
  })

const CertificateNames = (kit: SchemaKit) =>
  kit.Type.Object({ certificate_names: kit.Type.Array(CertificateName(kit)) })

/** Operations on what an agent proves itself with: keys, clients at identity providers, names in certificates. */
export const AGENT_PROOFS = {
  'add-key': describe({
    route: 'POST /agents/:name/keys',
    widens: true,
    says: 'Adds a public key that the agent proves itself with.',
    schemas: (kit) => ({
      params: kit.ByName,
      body: kit.exactly({ jwk: kit.Type.Unknown() }),
      answer: AgentProfile(kit),
    }),
    confirms: ({ params }) => `Let the holder of another private key act as ${params.name}`,
    command: (terminal) => ({
      examples: [
        'remit agents add-key invoice-bot --key-out invoice-bot.jwk',
        'remit agents add-key invoice-bot --key invoice-bot.pub.jwk',
      ],
      takes: { params: { name }, body: { jwk: key } },
      some: true,
      said: ({ answer: { id }, keyFile }) => {
        const { bold, done, text } = terminal
        return [
          done`${bold(id)} has a new key`,
          ...(keyFile === undefined
            ? []
            : [text`  its private half is in ${bold(keyFile)}; keep it where the agent runs`]),
          '',
        ]
      },
      prints: (agent) => agentLines(agent, terminal),
    }),
  }),
  'revoke-key': describe({
    route: 'DELETE /agents/:name/keys/:thumbprint',
    widens: false,
    says: 'Revokes a key. It can never be added again.',
    schemas: (kit) => ({
      params: kit.exactly({
        name: kit.Name,
        thumbprint: kit.Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
      }),
      answer: kit.Nothing,
    }),
    command: ({ bold, done }) => ({
      examples: [
        'remit agents revoke-key invoice-bot Xb0…   # `remit agents show` lists thumbprints',
      ],
      takes: { params: { name, thumbprint: input('<thumbprint>', 'of the key (RFC 7638)') } },
      said: ({ params }) => done`the key ${params.thumbprint} of ${bold(params.name)} is revoked`,
      json: ({ params }) => ({
        agent: params.name,
        thumbprint: params.thumbprint,
        revoked: true,
      }),
    }),
  }),
  link: describe({
    id: 'agents.link_client',
    route: 'POST /agents/:name/clients',
    widens: true,
    says: 'Says which client at an identity provider is this agent, so that tokens given to it count.',
    schemas: (kit) => ({ params: kit.ByName, body: Client(kit), answer: AgentProfile(kit) }),
    confirms: ({ body, params }) =>
      `Let tokens given to the client ${body.client_id} of ${body.issuer} count for ${params.name}`,
    command: ({ bold, done }) => ({
      says: 'Says which client at an identity provider is this agent.',
      examples: ['remit agents link invoice-bot https://login.example.com=invoice-bot-client'],
      takes: { params: { name }, body: client },
      said: ({ answer, body }) => done`${body.client_id} at ${body.issuer} is ${bold(answer.id)}`,
    }),
  }),
  unlink: describe({
    id: 'agents.unlink_client',
    route: 'POST /agents/:name/clients/unlink',
    widens: false,
    says: 'Removes the link: tokens for that client are no longer accepted. Resource tokens of the agent stop working; its tasks go on.',
    schemas: (kit) => ({ params: kit.ByName, body: Client(kit), answer: AgentProfile(kit) }),
    command: ({ bold, done }) => ({
      says: 'Removes the link; tokens for that client are no longer accepted.',
      examples: ['remit agents unlink invoice-bot https://login.example.com=invoice-bot-client'],
      takes: { params: { name }, body: client },
      said: ({ answer, body }) =>
        done`${body.client_id} at ${body.issuer} is not ${bold(answer.id)}`,
    }),
  }),
  certificate: describe({
    id: 'agents.certificate_names',
    route: 'GET /agents/:name/certificate-names',
    says: 'How certificates of an authority call the agent.',
    schemas: (kit) => ({ params: kit.ByName, answer: CertificateNames(kit) }),
  }),
  'add-certificate-name': describe({
    route: 'POST /agents/:name/certificate-names',
    widens: true,
    says: 'Says how certificates of an authority (REMIT_CLIENT_CA_FILE) name the agent: a client with such a certificate is the agent.',
    schemas: (kit) => ({
      params: kit.ByName,
      body: CertificateName(kit),
      answer: CertificateNames(kit),
    }),
    confirms: ({ body, params }) =>
      `Let the holder of a certificate for ${body.value} act as ${params.name}`,
  }),
  'remove-certificate-name': describe({
    route: 'POST /agents/:name/certificate-names/remove',
    widens: false,
    says: 'Takes that back. Tasks that are open go on; resource tokens of the agent are dead.',
    schemas: (kit) => ({
      params: kit.ByName,
      body: CertificateName(kit),
      answer: CertificateNames(kit),
    }),
  }),
}
