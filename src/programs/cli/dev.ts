import { type Development, developmentData, hasKeptState, startDevelopment } from '../dev/start.ts'
import { CommandFailure, usage } from './failure.ts'
import { COMMAND, START_COMMAND, START_WITH } from './installation.ts'
import { untilEnded } from './until-ended.ts'
import type { World } from './world.ts'

export interface DevOptions {
  readonly reset?: boolean
  readonly port?: number
  /** Do not ask before a reset. */
  readonly yes?: boolean
}

/** `remit dev`: Remit with everything around it that is needed to try it out. */
export async function dev(options: DevOptions, world: World): Promise<void> {
  const { reset = false, port, yes = false } = options
  if (reset && !yes) await agreeToReset(world)
  const began = performance.now()
  const development = await startDevelopment({
    reset,
    ...(port === undefined ? {} : { port }),
    environment: world.environment,
  })
  process.stderr.write(welcome(development, performance.now() - began))
  await untilEnded(development)
}

/** Agents, tasks and the ledger go with the state, so a person is asked. A script says `--yes`. */
async function agreeToReset(world: World): Promise<void> {
  const data = developmentData(world.environment)
  if (!hasKeptState(data)) return
  if (!world.interactive)
    throw usage(
      `--reset removes everything in ${data}, and there is no terminal to agree at`,
      `${START_WITH} --reset --yes`,
    )
  const agreed = await world.askYes(`Remove everything in ${data} (agents, APIs, tasks, ledger)?`)
  if (!agreed)
    throw new CommandFailure('Nothing was removed', { next: [`${START_COMMAND} keeps the state`] })
}

function welcome(development: Development, ms: number): string {
  const { agentKeyFile, data, desk, fresh, gateway, issuer, mailbox, orders, provider } =
    development
  const url = issuer === 'http://127.0.0.1:7480' ? '' : ` --url ${issuer}`
  return `
  Remit is ready (${(ms / 1000).toFixed(1)} s).  ${fresh ? 'New' : 'Kept'} state in ${data}; --reset starts over.

    Pages      ${issuer}      sign in as Sam (support), Fiona (finance) or Ada (administrator)
    Gateway    ${gateway}      behind it: the orders API at /orders, an MCP server at /desk
    Sample     ${orders}      orders API    ${provider}      identity provider (anyone can be anyone)
               ${desk}  MCP server
    Mailbox    ${mailbox}      e-mail to Sam, Fiona and Ada: what waits for them

  Try it, in another terminal, as the agent refund-bot (key in ${agentKeyFile}):

    ${COMMAND} call${url} --agent refund-bot --person sam --purpose "refund order 1042" GET orders/orders/1042
    ${COMMAND} call${url} --agent refund-bot --person sam --purpose "refund order 1042" POST orders/orders/1042/refunds -d '{"amount": 900.00}' --wait

  The first call asks Sam to agree at ${issuer}. The second asks Sam to tick the refund, and then waits for Fiona.

  Or with any MCP client, at ${gateway}/desk (Streamable HTTP), once Ada has let it in (docs/mcp.md). For instance, with Node 22.19 or newer:

    npx @modelcontextprotocol/inspector@2.12.0 --transport http --server-url ${gateway}/desk

  Ctrl-C stops everything.

`
}
