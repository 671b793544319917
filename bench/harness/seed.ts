// Run once on a new data directory, with the settings of the server to come: the sample world of `remit dev`, and a basis so that
// refund-bot may act for Sam without asking. Ends before the server starts.

import { signInPerson } from '../../src/identity/identity-providers/index.ts'
import { findPersonBySubject, type Person } from '../../src/identity/people/index.ts'
import { systemClock } from '../../src/platform/lib/clock.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { readSettings } from '../../src/programs/config/settings.ts'
import { SAMPLE_AGENT } from '../../src/programs/dev/sample.ts'
import { seedSample } from '../../src/programs/dev/seed.ts'
import { closeRooms, openRooms } from '../../src/rooms.ts'
import { grantBasis } from '../../src/tasks/consent/index.ts'
import { crowdOf } from './crowd.ts'

const [upstream = '', agentKeyFile = '', crowd = '0'] = process.argv.slice(2)
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
  await agree(sam.id)
  for (const { email, groups, id, name } of crowdOf(Number(crowd))) {
    const seen = { issuer: providerIssuer, subject: id, name, email, groupValues: [...groups] }
    const person = await signInPerson(rooms.people, { ...seen, issuedAt: wholeSecond() })
    await agree(person.id)
  }
} finally {
  await closeRooms(rooms)
}

/** Lets refund-bot do for somebody whatever it may do at the orders API. */
async function agree(personId: Person['id']): Promise<void> {
  await grantBasis(rooms.decisions, {
    personId,
    agentId: SAMPLE_AGENT.id,
    kind: 'admin',
    grantedBy: personId,
    details: [
      {
        type: 'remit_call',
        locations: [`${rooms.gateway}/orders`],
        actions: [...SAMPLE_AGENT.actions],
        bounds: [],
      },
    ],
  })
}

/** ID tokens count whole seconds. */
function wholeSecond(): number {
  return Math.floor(Date.now() / 1000) * 1000
}
