import {
  answerConfirmation,
  type ChangeSummary,
  confirmationForm,
  readConfirmation,
} from '../../identity/sessions/index.ts'
import { sha256urlInSteps } from '../../platform/lib/in-steps.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { MAX_SHOWN } from '../../platform/lib/text/visible.ts'
import { type ConfirmView, confirmPage } from './confirm-page.ts'
import { isDeceptive } from './frame/show.ts'
import type { PageParts } from './parts.ts'
import { signInFirst } from './sign-in/required-sign-in.ts'
import {
  mistakeOf,
  notFound,
  type PageRouter,
  signatureFrom,
  statusHere,
  type Visit,
} from './visit.ts'

export function addConfirm(desk: PageRouter, parts: Pick<PageParts, 'people'>): void {
  desk.get('/confirm/:id', async (visit) => confirmPage(await viewOf(parts, visit)))

  desk.get('/confirm/:id/input', async ({ id, visitor }) => {
    const { payload } = await readConfirmation(parts.people, id, visitor.person.id).catch(
      throwNotFound,
    )
    return { file: payload, name: `${id}.json`, type: 'application/json' }
  })

  desk.post('/confirm/:id', async (act) => {
    const { visitor, fields, id } = act
    const answer = fields.get('answer')
    if (answer !== 'confirmed' && answer !== 'refused') {
      throw new Problem('request.malformed', '`answer` is neither confirmed nor refused')
    }
    try {
      const { session } = visitor
      const signature = signatureFrom(fields)
      await answerConfirmation(parts.people, { id, session, answer, signature })
    } catch (error) {
      const problem = mistakeOf(error, 'step_up.', 'passkey.')
      const view = { ...(await viewOf(parts, act)), mistake: problem.detail }
      return { page: confirmPage(view), status: statusHere(problem) }
    }
    return { to: `/confirm/${id}` }
  })
}

async function viewOf(
  parts: Pick<PageParts, 'people'>,
  { visitor, now, id }: Visit,
): Promise<ConfirmView> {
  const found = await readConfirmation(parts.people, id, visitor.person.id).catch(throwNotFound)
  const { stepUp } = parts.people
  const wanted = stepUp ? [{ stepUp, at: now }] : []
  const first = signInFirst(visitor.session, wanted, `/confirm/${id}`)
  const { meaning, payload } = found
  const shown = payload.length <= MAX_SHOWN ? payload : ''
  return {
    ...found,
    first,
    sign: await confirmationForm(parts.people, found),
    now,
    viewer: visitor.viewer,
    digest: await sha256urlInSteps(payload),
    texts: textsOf(payload),
    deceptive: isDeceptive(shown) || textOfMeaning(meaning).some(isDeceptive),
  }
}

function throwNotFound(error: unknown): never {
  throw error instanceof Problem && error.code === 'confirmation.unknown' ? notFound() : error
}

/** Texts of a meaning that come from outside. */
function textOfMeaning(meaning: ChangeSummary | undefined): readonly string[] {
  if (!meaning) return []
  const { changes = [], facts, sentence } = meaning
  const texts = changes.flatMap(({ lines, what }) => [what, ...lines.map(({ text }) => text)])
  return [sentence, ...facts.map(([, value]) => value), ...texts]
}

/** A longer input is a large document: reading it for a page would keep others waiting, and it is a file to be downloaded. */
const MAX_SEARCHED = 2 * 1024 * 1024

/** Members that are texts of several lines: a policy is read as it was written, not as one JSON string. */
function textsOf(payload: string): ConfirmView['texts'] {
  const found: { name: string; text: string; lines: number }[] = []
  const look = (value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner === 'string' && inner.includes('\n')) {
        const text = inner.length > MAX_SHOWN ? '' : inner
        found.push({ name, text, lines: inner.split('\n').length })
      } else look(inner)
    }
  }
  if (payload.length <= MAX_SEARCHED) look(JSON.parse(payload))
  return found
}
