import type { DevPerson } from './identity-provider/dev-person.ts'

/** The people of the sample world, as the development identity provider knows them. */
export const SAMPLE_PEOPLE = [
  { id: 'sam', name: 'Sam Support', email: 'sam@example.com', groups: ['support'] },
  { id: 'fiona', name: 'Fiona Finance', email: 'fiona@example.com', groups: ['finance'] },
  { id: 'ada', name: 'Ada Admin', email: 'ada@example.com', groups: ['administrators'] },
  { id: 'nils', name: 'Nils Nobody', email: 'nils@example.com', groups: [] },
] as const satisfies readonly DevPerson[]
