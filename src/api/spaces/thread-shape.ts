import { Type } from 'typebox'
import { Name, Time } from '../../operations/schemas.ts'
import type { Thread as ThreadNoun } from '../../spaces/index.ts'
import { time } from '../shapes.ts'

export const Thread = Type.Object({
  id: Type.String({ description: 'what policies and tasks call it' }),
  space: Name,
  name: Type.String({ description: 'what its surface calls it' }),
  surface: Type.String(),
  version: Type.Integer(),
  requester: Type.Union([Type.String(), Type.Null()], {
    description: 'a person id; null: nobody who is known here',
  }),
  participants: Type.Array(Type.String(), { description: 'ids of people who are known here' }),
  strangers: Type.Integer({ description: 'how many more are there' }),
  agents: Type.Array(Type.String()),
  stated_at: Time,
  ended_at: Type.Union([Time, Type.Null()]),
})

export function threadShape(thread: ThreadNoun) {
  return {
    id: thread.id,
    space: thread.spaceId,
    name: thread.name,
    surface: thread.surfaceId,
    version: thread.version,
    requester: thread.requesterId,
    participants: [...thread.participantIds],
    strangers: thread.strangers,
    agents: [...thread.agents],
    stated_at: time(thread.statedAt),
    ended_at: thread.endedAt === null ? null : time(thread.endedAt),
  }
}
