import { join } from 'node:path'
import { UnavailableSource } from '../../../test/interop/counterpart.ts'
import { freePorts } from '../../../test/ports.ts'
import { bareGet, gatewayGet } from '../../gateway/get-way.ts'
import { keyedCaller } from '../../gateway/mcp/callers.ts'
import { converse } from '../../gateway/mcp/messages.ts'
import { FEW, wantedOf } from '../../gateway/mcp/offer.ts'
import { startMcpServer } from '../../gateway/mcp/server.ts'
import { callWay } from '../../gateway/mcp/way.ts'
import { startNginx } from '../../gateway/nginx.ts'
import { startUpstream } from '../../gateway/upstream.ts'
import { DecisionSet } from '../../harness/decided.ts'
import { PROJECT } from '../../harness/machine.ts'
import { startRemit } from '../../harness/remit.ts'
import { CONNECTIONS } from '../../harness/way.ts'
import type { Peer } from '../peer.ts'

export const remitGateway: Peer = {
  name: 'Remit',
  version: 'this commit',
  settings:
    '`remit serve` with default settings, embedded, `synchronous=FULL`; 32 tasks; DPoP nonces off',
  without: '–',
  async start({ cores }) {
    const api = await startUpstream()
    const mcp = await startMcpServer()
    const servers = `http://127.0.0.1:${mcp.port}`
    const remit = await startRemit({
      cores,
      upstream: `http://127.0.0.1:${api.port}`,
      seeds: [[join(PROJECT, 'bench', 'gateway', 'mcp', 'seed.ts'), servers, servers]],
    })
    const decided = new DecisionSet()
    const orders = await remit.openTasks(CONNECTIONS)
    const resource = `${remit.gateway}/${FEW.name}`
    const tasks = await remit.openTasks(CONNECTIONS, wantedOf(FEW))
    const conversations = await Promise.all(
      tasks.map((task) => converse(keyedCaller(task, resource), resource)),
    )
    const place = { port: remit.gatewayPort, program: remit.program, conversations }
    return {
      ways: [
        gatewayGet(
          { name: 'GET: Remit, DPoP, all gates, recorded', remit, upstream: api, decided },
          orders,
        ),
        callWay('Remit, DPoP, all gates, recorded', place),
      ],
      warmUp: 5_000,
      async stop() {
        await remit.stop()
        mcp.close()
        api.close()
      },
    }
  },
}

export const bareNginx: Peer = {
  name: 'nginx as a bare proxy',
  version: "the machine's",
  settings: 'one process, kept-alive connections on both sides, no log',
  without: 'decides nothing and asks for no token: what passing bytes on costs',
  async start({ cores }) {
    const api = await startUpstream()
    const [port = 0] = await freePorts(1)
    const nginx = await startNginx(port, api.port, cores)
    if (!nginx) throw new UnavailableSource('it is not installed here')
    return {
      ways: [bareGet('GET: nginx, bare proxy', port, nginx, api)],
      warmUp: 20_000,
      async stop() {
        await nginx.stop()
        api.close()
      },
    }
  },
}
