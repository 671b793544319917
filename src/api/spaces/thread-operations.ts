import { Type } from 'typebox'
import { ByName, listOf, Page } from '../../operations/schemas.ts'
import { listThreads, requireSpace } from '../../spaces/index.ts'
import { operation } from '../operation.ts'
import { Thread, threadShape } from './thread-shape.ts'

const closed = { additionalProperties: false } as const

/** Operations of surfaces on threads. */
export const THREAD_OPERATIONS = [
  operation({
    id: 'threads.list',
    method: 'GET',
    path: '/spaces/:name/threads',
    says: 'What surfaces stated of the threads of a space, the newest first.',
    who: 'administrator',
    widens: false,
    params: ByName,
    query: Type.Object(Page, closed),
    answer: listOf('threads', Thread),
    run: async ({ spaces }, { params, query }) => {
      const { read } = spaces.storage
      await requireSpace(read, params.name)
      const limit = Math.min(Number(query.limit ?? 50), 200)
      return { threads: (await listThreads(read, params.name, limit)).map(threadShape) }
    },
  }),
]
