import { Problem } from '../../lib/problem.ts'
import { answerConfirmation, readConfirmation } from '../../people/index.ts'
import type { PageParts } from '../parts.ts'
import { signInFirst } from '../sign-in/again.ts'
import { type Desk, mistakeOf, notFound, statusHere, type Visit } from '../visit.ts'
import { type ConfirmView, confirmPage } from './confirm-page.ts'

export function addConfirm(desk: Desk, parts: PageParts): void {
  desk.get('/confirm/:id', async (visit) => confirmPage(await viewOf(parts, visit)))

  desk.post('/confirm/:id', async (act) => {
    const { visitor, fields, id } = act
    const answer = fields.get('answer')
    if (answer !== 'confirmed' && answer !== 'refused') {
      throw new Problem('request.malformed', '`answer` is neither confirmed nor refused')
    }
    try {
      await answerConfirmation(parts.people, { id, session: visitor.session, answer })
    } catch (error) {
      const status = statusHere(mistakeOf(error, 'step_up.'))
      return { page: confirmPage(await viewOf(parts, act)), status }
    }
    return { to: `/confirm/${id}` }
  })
}

async function viewOf(parts: PageParts, { visitor, now, id }: Visit): Promise<ConfirmView> {
  const found = await readConfirmation(parts.people, id, visitor.person.id).catch(unknown)
  const { stepUp } = parts.people
  const wanted = stepUp ? [{ stepUp, at: now }] : []
  const first = signInFirst(visitor.session, wanted, `/confirm/${id}`)
  return { ...found, first, now, viewer: visitor.viewer, texts: textsOf(found.payload) }
}

function unknown(error: unknown): never {
  throw error instanceof Problem && error.code === 'confirmation.unknown' ? notFound() : error
}

/** Members that are texts of several lines: a policy is read as it was written, not as one JSON string. */
function textsOf(payload: string): { name: string; text: string }[] {
  const found: { name: string; text: string }[] = []
  const look = (value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner === 'string' && inner.includes('\n')) found.push({ name, text: inner })
      else look(inner)
    }
  }
  look(JSON.parse(payload))
  return found
}
