// Run once on a new data directory, with the settings of the server to come: the sample world of `remit dev`, and a basis so that
// refund-bot may act for Sam without asking. Ends before the server starts.
import { readSettings } from '../../src/config/settings.ts'
import { grantBasis } from '../../src/consent/index.ts'
import { SAMPLE_AGENT } from '../../src/dev/sample.ts'
import { seedSample } from '../../src/dev/seed.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { findPersonBySubject } from '../../src/people/index.ts'
import { closeRooms, openRooms } from '../../src/rooms.ts'

const [upstream = '', agentKeyFile = ''] = process.argv.slice(2)
const settings = readSettings(process.env)
const ports = {
  clock: systemClock,
  random: systemRandom,
  onError: (error: unknown) => console.error(error),
}
const rooms = await openRooms(settings, ports, { migrate: true, development: true })
try {
  const providerIssuer = settings.providerIssuer ?? ''
  await seedSample(rooms, { providerIssuer, ordersUrl: upstream, deskUrl: upstream, agentKeyFile })
  const sam = await findPersonBySubject(rooms.storage.read, providerIssuer, 'sam')
  if (!sam) throw new Error('the sample has no Sam')
  await grantBasis(rooms.decisions, {
    personId: sam.id,
    agentId: SAMPLE_AGENT.id,
    kind: 'admin',
    grantedBy: sam.id,
    details: [
      {
        type: 'remit_call',
        locations: [`${rooms.gateway}/orders`],
        actions: [...SAMPLE_AGENT.actions],
        bounds: [],
      },
    ],
  })
} finally {
  await closeRooms(rooms)
}
