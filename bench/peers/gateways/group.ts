import type { PeerGroup } from '../peer.ts'
import { envoy } from './envoy.ts'
import { bareNginx, remitGateway } from './remit.ts'
import { toolhive } from './toolhive.ts'

export const gateways: PeerGroup = {
  name: 'gateways',
  says: `A call through a gateway: a GET of one order, or an MCP \`tools/call\`, answered by the same small servers, which share the core of the load.
Every answer is compared with what the API or the tool said.`,
  peers: [remitGateway, bareNginx, envoy('asks nobody'), envoy('asks OPA'), toolhive],
}
