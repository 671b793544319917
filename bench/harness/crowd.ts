import type { DevPerson } from '../../src/programs/dev/identity-provider/dev-person.ts'

/** Makes so many people of support. */
export function crowdOf(count = 0): DevPerson[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `person-${i}`,
    name: `Person ${i}`,
    email: `person-${i}@example.com`,
    groups: ['support'],
  }))
}
