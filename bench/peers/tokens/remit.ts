import { versionOf } from '../../harness/machine.ts'
import { startRemit } from '../../harness/remit.ts'
import { CONNECTIONS, type Way } from '../../harness/way.ts'
import { Exchanger } from '../../tokens/exchanger.ts'
import { newTokens, Plain } from '../../tokens/plain.ts'
import type { Peer } from '../peer.ts'

/** Requests until the runtime has compiled what is asked often. */
const WARM_UP = 5_000

export const remitExchanges: Peer = {
  name: 'Remit',
  version: 'this commit',
  settings:
    '`remit serve` with default settings, embedded, `synchronous=FULL`; 32 tasks; DPoP nonces off',
  without: '–',
  async start({ cores }) {
    const remit = await startRemit({ cores, upstream: 'http://127.0.0.1:9' })
    const exchanger = new Exchanger(remit, await remit.openTasks(CONNECTIONS))
    const way: Way = {
      name: 'Remit, token exchange with DPoP, ES256, recorded',
      port: remit.issuerPort,
      program: remit.program,
      check: exchanger.check,
      prepare: (count) => exchanger.prepare(count),
    }
    return {
      ways: [way],
      warmUp: WARM_UP,
      async stop() {
        exchanger.recorded()
        await remit.stop()
      },
    }
  },
}

/** Plain `oidc-provider`: what Remit's own protocol layer costs without Remit. */
export function plainProvider(kept: 'memory' | 'SQLite'): Peer {
  return {
    name: `oidc-provider, in ${kept}`,
    version: versionOf('oidc-provider'),
    settings: `client credentials with a secret, kept in ${kept}`,
    without: 'no person, task, policies or record',
    async start({ cores }) {
      const plain = await Plain.start(kept, cores)
      const way = (name: string, bound: boolean): Way => ({
        name: `oidc-provider, client credentials, ${name}, in ${kept}`,
        port: plain.port,
        program: plain.program,
        check: newTokens(),
        prepare: (count) => plain.prepare(count, { bound }),
      })
      const bound = way('DPoP, ES256', true)
      return {
        ways: kept === 'memory' ? [way('opaque', false), bound] : [bound],
        warmUp: WARM_UP,
        stop: () => plain.stop(),
      }
    },
  }
}
