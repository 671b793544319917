import { parseArgs } from 'node:util'
import { serveOrders } from './serve.ts'

const HELP = `The sample orders API of Remit.

  node src/dev/orders/main.ts [--port 7483] [--issuer http://127.0.0.1:7480]
                              [--trust-domain NAME] [--audience http://127.0.0.1:7481/orders]

  --issuer        Remit's issuer: whose transaction tokens are trusted
  --trust-domain  the audience of its transaction tokens
  --audience      the resource identifier of this API at the gateway
`

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '7483' },
    issuer: { type: 'string', default: 'http://127.0.0.1:7480' },
    'trust-domain': { type: 'string', default: 'remit' },
    audience: { type: 'string', default: 'http://127.0.0.1:7481/orders' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  process.stdout.write(HELP)
} else {
  const api = await serveOrders({
    port: Number(values.port),
    issuer: values.issuer,
    trustDomain: values['trust-domain'],
    location: values.audience,
    log: (line) => process.stdout.write(`${line}\n`),
  })
  process.stdout.write(`orders API at ${api.origin}\n`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void api.close())
}
