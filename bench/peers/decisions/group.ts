import type { PeerGroup } from '../peer.ts'
import { cerbos } from './cerbos.ts'
import { opa } from './opa.ts'
import { openfga } from './openfga.ts'
import { emptyRoute, remitDecides } from './remit.ts'

export const decisions: PeerGroup = {
  name: 'decisions',
  says: `One decision over HTTP, by the same small policy in each program: somebody of support, an allowed agent, an amount up to a limit; 500
different questions in turns, with all reasons for a no among them, and every answer compared with the right one. Remit's second row is more
than the others do: a call of a task, which is decided for person, agent, task and policy.`,
  peers: [remitDecides, opa(false), opa(true), openfga, cerbos(false), cerbos(true), emptyRoute],
}
