import { startDevelopment } from '../dev/start.ts'
import { untilSignal } from './until-signal.ts'

/** `remit dev`: Remit with everything around it that is needed to try it out. */
export async function dev(options: { reset?: boolean; port?: number }): Promise<void> {
  const { reset = false, port } = options
  const began = performance.now()
  const world = await startDevelopment({
    reset,
    ...(port === undefined ? {} : { port }),
    environment: process.env,
  })
  process.stderr.write(welcome(world, performance.now() - began))
  await untilSignal()
  process.stderr.write('\nStopping …\n')
  await world.stop()
}

function welcome(world: Awaited<ReturnType<typeof startDevelopment>>, ms: number): string {
  const { agentKeyFile, data, desk, fresh, gateway, issuer, orders, provider } = world
  const url = issuer === 'http://127.0.0.1:7480' ? '' : ` --url ${issuer}`
  return `
  Remit is ready (${(ms / 1000).toFixed(1)} s).  ${fresh ? 'New' : 'Kept'} state in ${data}; --reset starts over.

    Pages      ${issuer}      sign in as Sam (support), Fiona (finance) or Ada (administrator)
    Gateway    ${gateway}      behind it: the orders API at /orders, an MCP server at /desk
    Sample     ${orders}      orders API    ${provider}      identity provider (anyone can be anyone)
               ${desk}  MCP server

  Try it, in another terminal, as the agent refund-bot (key in ${agentKeyFile}):

    npm run -s remit -- call${url} --agent refund-bot --person sam --purpose "refund order 1042" GET orders/orders/1042
    npm run -s remit -- call${url} --agent refund-bot --person sam --purpose "refund order 1042" POST orders/orders/1042/refunds -d '{"amount": 900.00}' --wait

  The first call asks Sam to agree at ${issuer}; the second waits for Fiona.

  Or with any MCP client, at ${gateway}/desk (Streamable HTTP), once Ada has let it in (docs/mcp.md). For instance:

    npx @modelcontextprotocol/inspector --transport http --server-url ${gateway}/desk

  Ctrl-C stops everything.

`
}
