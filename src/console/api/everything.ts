import {
  isEverythingStopped,
  resumeEverything,
  stopEverything,
} from '../../identity/spaces/index.ts'
import { EVERYTHING } from '../api-operations/everything.ts'
import { acts } from './operation.ts'
import type { ApiParts } from './parts.ts'

async function stopAnswer({ spaces }: Pick<ApiParts, 'spaces'>) {
  return { stopped: await isEverythingStopped(spaces.storage.read) }
}

export const EVERYTHING_OPERATIONS = acts(EVERYTHING, {
  show: stopAnswer,
  stop: async (parts, { body: { reason = 'stop by an administrator' }, caller }) => {
    await stopEverything(parts.spaces, { by: caller.person.id, reason })
    return stopAnswer(parts)
  },
  resume: async (parts, { body: { reason = 'resume by an administrator' }, caller }) => {
    await resumeEverything(parts.spaces, { by: caller.person.id, reason })
    return stopAnswer(parts)
  },
})
