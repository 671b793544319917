import { parseArgs } from 'node:util'
import { SAMPLE_AGENT, SAMPLE_PEOPLE } from './sample.ts'

const HELP = `The sample services of Remit: an identity provider where anyone can be anyone, the orders API, the desk (an MCP server), and a mail server with everybody's mailbox.

  node src/programs/dev/sample-services.ts [--provider-port 7482] [--port 7483] [--mcp-port 7484] [--mail-port 7487] [--smtp-port 7488]
                                  [--issuer http://127.0.0.1:7480]
                                  [--trust-domain NAME] [--audience http://127.0.0.1:7481/orders]

  --issuer        Remit's issuer: a client of the identity provider, and whose transaction tokens the orders API trusts
  --trust-domain  the audience of its transaction tokens
  --audience      the resource identifier of the orders API at the gateway

  REMIT_IDP_CLIENT_SECRET in the environment is the secret of Remit at the identity provider; without it, it needs none.
`

const { values } = parseArgs({
  options: {
    'provider-port': { type: 'string', default: '7482' },
    port: { type: 'string', default: '7483' },
    'mcp-port': { type: 'string', default: '7484' },
    'mail-port': { type: 'string', default: '7487' },
    'smtp-port': { type: 'string', default: '7488' },
    issuer: { type: 'string', default: 'http://127.0.0.1:7480' },
    'trust-domain': { type: 'string', default: 'remit' },
    audience: { type: 'string', default: 'http://127.0.0.1:7481/orders' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(HELP)
else await serve().catch(tellReason)

/** Reasons that are no mistake in here, and need no stack. Whatever listens already ends with the process. */
function tellReason(error: unknown): void {
  const reason = sampleFailure(error)
  if (!reason) throw error
  if (!process.send) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  }
  // The parent process reports it in its own words.
  process.send(reason, () => process.exit(1))
}

function sampleFailure(error: unknown): { portTaken: unknown } | { missing: string } | undefined {
  if (!(error instanceof Error && 'code' in error)) return undefined
  if (error.code === 'EADDRINUSE') return { portTaken: 'port' in error ? error.port : undefined }
  if (error.code === 'ERR_MODULE_NOT_FOUND') return { missing: error.message }
  return undefined
}

async function serve(): Promise<void> {
  const log = (line: string) => process.stdout.write(`${line}\n`)
  const { REMIT_IDP_CLIENT_SECRET: secret } = process.env
  // An installation without packages for development lacks what these need: that is said, too.
  const { serveDesk } = await import('./desk/serve.ts')
  const { serveIdentityProvider } = await import('./identity-provider/serve.ts')
  const { serveMailbox } = await import('./mailbox/serve.ts')
  const { serveOrders } = await import('./orders/serve.ts')
  const provider = await serveIdentityProvider({
    port: Number(values['provider-port']),
    people: SAMPLE_PEOPLE,
    clients: [
      {
        id: 'remit',
        redirectUris: [`${values.issuer}/sign-in/callback`],
        ...(secret === undefined ? {} : { secret }),
      },
      { id: SAMPLE_AGENT.id, redirectUris: ['http://127.0.0.1/callback'] },
    ],
  })
  log(`identity provider at ${provider.issuer}`)
  const orders = await serveOrders({
    port: Number(values.port),
    issuer: values.issuer,
    trustDomain: values['trust-domain'],
    location: values.audience,
    log,
  })
  log(`orders API at ${orders.origin}`)
  const desk = await serveDesk({ port: Number(values['mcp-port']) })
  log(`the desk at ${desk.url}`)
  const mailbox = await serveMailbox({
    port: Number(values['mail-port']),
    smtpPort: Number(values['smtp-port']),
    issuer: values.issuer,
  })
  log(`mailbox at ${mailbox.origin}`)
  const stop = () =>
    void Promise.all([provider.close(), orders.close(), desk.close(), mailbox.close()]).then(() =>
      process.exit(0),
    )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  // The parent process is told that they are there; when it is gone, so are they.
  process.once('disconnect', stop)
  process.send?.('ready')
}
