import { dim, type Text, text } from '../../lib/terminal/text.ts'
import type { AnswerOf } from '../server/operation-types.ts'

type SpaceAnswer = AnswerOf<'GET', '/spaces/:name'>

const MODES = {
  requester: 'what the one who asks may do',
  intersection: 'what everyone present may do, each by themselves',
  agent: 'what the agent and its sponsor may do, with nobody present',
} as const

/** One space, a fact a line. */
export function inWords(space: SpaceAnswer): readonly Text[] {
  const { above, agents, counts, details, kind, mode, people, status } = space
  return [
    text`  ${kind}${above.length === 0 ? '' : ` in ${above.join(', in ')}`}, ${status}`,
    text`  mode    ${counts}: ${MODES[counts]} ${mode === null ? dim('(said above it)') : ''}`,
    text`  people  ${listed(people)}`,
    text`  agents  ${listed(agents)}`,
    text`  at most ${details === null ? 'no limit of its own' : details.flatMap(({ actions }) => actions).join(' ') || 'nothing'}`,
  ]
}

function listed(list: readonly string[] | null): string {
  if (list === null) return 'whoever may above it'
  return list.length === 0 ? 'nobody' : list.join(' ')
}
