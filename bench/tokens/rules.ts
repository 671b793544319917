// Run once after the sample world: twenty rules about issuing tokens, none of which is about what the benchmark asks for.

import { systemClock } from '../../src/platform/lib/clock.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { latestSet, publishPolicies } from '../../src/policy/policy/index.ts'
import { readSettings } from '../../src/programs/config/settings.ts'
import { closeRooms, openRooms } from '../../src/rooms.ts'

const COUNT = 20
const rooms = await openRooms(
  readSettings(process.env),
  { clock: systemClock, random: systemRandom, onError: (error: unknown) => console.error(error) },
  { migrate: true, development: true },
)
const ISSUE = 'Action::"issue:access_token:token_exchange"'
try {
  const text = (await latestSet(rooms.storage.read))?.text ?? ''
  // Half of them have to be asked about everybody; half the index tells apart.
  const rules = Array.from({ length: COUNT }, (_, i) =>
    i % 2
      ? `@id("issue-${i}") forbid (principal == Agent::"agent-${i}", action == ${ISSUE}, resource);`
      : `@id("issue-${i}") forbid (principal is Agent, action == ${ISSUE}, resource)
           when { principal.trust < 1 && context.task.purpose == "purpose ${i}" };`,
  )
  await publishPolicies(rooms.policy, {
    ...{ text: `${text}\n${rules.join('\n')}`, by: 'bench' },
    note: 'rules about issuing',
  })
} finally {
  await closeRooms(rooms)
}
