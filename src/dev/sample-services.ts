import { parseArgs } from 'node:util'
import { serveDesk } from './desk/serve.ts'
import { serveOrders } from './orders/serve.ts'

const HELP = `The sample services of Remit: the orders API, and the desk, an MCP server.

  node src/dev/sample-services.ts [--port 7483] [--mcp-port 7484] [--issuer http://127.0.0.1:7480]
                                  [--trust-domain NAME] [--audience http://127.0.0.1:7481/orders]

  --issuer        Remit's issuer: whose transaction tokens the orders API trusts
  --trust-domain  the audience of its transaction tokens
  --audience      the resource identifier of the orders API at the gateway
`

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '7483' },
    'mcp-port': { type: 'string', default: '7484' },
    issuer: { type: 'string', default: 'http://127.0.0.1:7480' },
    'trust-domain': { type: 'string', default: 'remit' },
    audience: { type: 'string', default: 'http://127.0.0.1:7481/orders' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(HELP)
else await serve()

async function serve(): Promise<void> {
  const log = (line: string) => process.stdout.write(`${line}\n`)
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
  const stop = () => void Promise.all([orders.close(), desk.close()]).then(() => process.exit(0))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  // Whoever started them is told that they are there; when that process is gone, so are they.
  process.once('disconnect', stop)
  process.send?.('ready')
}
