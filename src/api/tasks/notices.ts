import { Type } from 'typebox'
import { listNotices } from '../../calls/index.ts'
import { listOf, Page, Time } from '../../operations/schemas.ts'
import { toJson } from '../json.ts'
import { operation } from '../operation.ts'

const Notice = Type.Object({
  id: Type.String(),
  recipient: Type.String({ description: '`group:…` or `person:…`' }),
  decision: Type.String(),
  task: Type.String(),
  person: Type.String(),
  agent: Type.String(),
  action: Type.String(),
  text: Type.String(),
  at: Time,
})

export const NOTICE_OPERATIONS = [
  operation({
    id: 'notices.list',
    method: 'GET',
    path: '/notices',
    says: 'Permitted calls that the caller had to be told of, by name or as a member of a group, newest first.',
    who: 'person',
    widens: false,
    query: Type.Object(Page, { additionalProperties: false }),
    answer: listOf('notices', Notice),
    run: async (parts, { caller, query }) => {
      const limit = Math.min(Number(query.limit ?? 50), 200)
      const notices = await listNotices(parts.decisions.storage.read, caller.person, limit)
      return { notices: notices.map((notice) => toJson(Notice, notice)) }
    },
  }),
]
