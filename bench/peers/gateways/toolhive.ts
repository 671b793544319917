import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePorts } from '../../../test/ports.ts'
import type { Caller } from '../../gateway/mcp/callers.ts'
import { type Conversation, converse, prepareRequests } from '../../gateway/mcp/messages.ts'
import { CALLED, FEW, RESULT } from '../../gateway/mcp/offer.ts'
import { startMcpServer } from '../../gateway/mcp/server.ts'
import { startProgram } from '../../harness/program.ts'
import { CONNECTIONS } from '../../harness/way.ts'
import { builtByGo, type GoProgram } from '../go-program.ts'
import type { Peer } from '../peer.ts'
import { AGENT } from '../question.ts'
import { TokenIssuer } from './access-token.ts'

const TOOLHIVE: GoProgram = {
  name: 'vmcp',
  module: 'github.com/stacklok/toolhive',
  version: '0.45.0',
  sum: 'h1:kqPMlOQYpZIPjp9lPLJyOEFqO+tlO5F/IrIPJ5VE5GY=',
  folder: './cmd/vmcp',
}
const TOOL = `${FEW.name}_${CALLED.name}`
const POLICY = `permit(principal, action == Action::"call_tool", resource == Tool::"${TOOL}")
when { principal.claim_groups.contains("support") && principal.claim_agent == "${AGENT}" };`

export const toolhive: Peer = {
  name: 'ToolHive (Virtual MCP Server)',
  version: `${TOOLHIVE.version}, the newest that Go 1.26 builds`,
  settings:
    '`vmcp serve`, JWT by OIDC with ES256, a Cedar policy for the tool, one backend, a session for each of 32 connections, GOMAXPROCS=1, no audit log',
  without:
    'no proof of possession, no task or budget, no live state, no record, no token for the server; one bearer token for all calls',
  async start({ cores, home }) {
    const program = builtByGo(TOOLHIVE)
    const mcp = await startMcpServer()
    const issuer = new TokenIssuer()
    const keys = createServer((_, reply) => reply.end(JSON.stringify(issuer.jwks)))
    await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve))
    const { port: keysPort } = keys.address() as AddressInfo // listening on TCP
    const [port = 0] = await freePorts(1)
    const file = join(home, 'vmcp.yaml')
    writeFileSync(file, stringify(configuration(issuer, keysPort, mcp.port)))
    const running = await startProgram(
      [program, 'serve', '--config', file, '--host', '127.0.0.1', '--port', String(port)],
      {
        cores,
        answers: `http://127.0.0.1:${port}/health`,
        env: { GOMAXPROCS: '1', HOME: home, XDG_CONFIG_HOME: home, XDG_STATE_HOME: home },
        log: join(home, 'vmcp.log'),
      },
    )
    const url = `http://127.0.0.1:${port}/mcp`
    const say = { method: 'tools/call', params: { ...CALLED, name: TOOL } }
    await mustRefuse(url, issuer, say)
    const caller = bearer(issuer.tokenFor('person-0', ['support']))
    const conversations: Conversation[] = []
    for (let i = 0; i < CONNECTIONS; i++) conversations.push(await converse(caller, url))
    const told = JSON.stringify(RESULT.content[0].text)
    return {
      ways: [
        {
          name: 'tools/call: ToolHive, JWT check, Cedar',
          port,
          program: running,
          prepare: (count: number) => prepareRequests(conversations, [say], count),
          check({ body, status }: { body: Buffer; status: number }, index: number) {
            if (status !== 200 || !body.includes(told) || !body.includes(`"id":${index + 1}`))
              throw new Error(`answered ${status}: ${body}`)
          },
        },
      ],
      async stop() {
        await running.stop()
        keys.close()
        mcp.close()
      },
    }
  },
}

function bearer(token: string): Caller {
  return { refresh: async () => {}, credentials: () => ({ authorization: `Bearer ${token}` }) }
}

/** Checks that what is measured refuses who may not. */
async function mustRefuse(url: string, issuer: TokenIssuer, message: object): Promise<void> {
  const caller = bearer(issuer.tokenFor('other', ['sales']))
  const { session } = await converse(caller, url)
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      ...caller.credentials('POST'),
      ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      ...(session ? { 'mcp-session-id': session } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
  })
  const text = await answer.text()
  if (text.includes(RESULT.content[0].text.slice(0, 12)))
    throw new Error('ToolHive let through what its policy does not permit')
}

function configuration(issuer: TokenIssuer, keys: number, mcp: number): object {
  const { audience, issuer: iss } = issuer
  return {
    name: 'bench',
    groupRef: 'bench',
    backends: [
      { name: FEW.name, url: `http://127.0.0.1:${mcp}/${FEW.name}`, transport: 'streamable-http' },
    ],
    incomingAuth: {
      type: 'oidc',
      oidc: {
        ...{ issuer: iss, audience, jwksUrl: `http://127.0.0.1:${keys}/` },
        ...{ insecureAllowHttp: true, jwksAllowPrivateIp: true },
        protectedResourceAllowPrivateIp: true,
      },
      authz: { type: 'cedar', policies: [POLICY] },
    },
    outgoingAuth: { source: 'inline', default: { type: 'unauthenticated' } },
    aggregation: {
      conflictResolution: 'prefix',
      conflictResolutionConfig: { prefixFormat: '{workload}_' },
    },
  }
}
