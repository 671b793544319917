import type { PeerGroup } from '../peer.ts'
import { hydra } from './hydra.ts'
import { keycloak } from './keycloak.ts'
import { plainProvider, remitExchanges } from './remit.ts'

export const tokens: PeerGroup = {
  name: 'tokens',
  says: `A token for an API. Remit: a task token and a DPoP proof become a token of that task for one API, by token exchange. The others: client
credentials of one confidential client, or an exchange where they have it. Every answer is a token, and no two are the same.`,
  peers: [remitExchanges, plainProvider('memory'), plainProvider('SQLite'), hydra, keycloak],
}
