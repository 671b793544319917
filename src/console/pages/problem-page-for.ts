import { cookiesOf, type ProblemPage } from '../../platform/http/index.ts'
import type { PageParts } from './parts.ts'
import { problemPage } from './trouble-page.ts'
import { findVisitor } from './visit.ts'

/**
 * The page of a problem, with name and navigation of the person who is signed in: they are still where they were. Nothing is looked up for
 * strangers, nor where the look-up itself fails.
 */
export function problemPageFor(
  parts: Pick<PageParts, 'decisions' | 'issuer' | 'people'>,
): ProblemPage {
  const cookies = cookiesOf(parts.issuer)
  return (problem, requestId, request) => {
    const known = problem.status < 500 && cookies.read(request, 'session') !== undefined
    if (!known) return problemPage(problem, requestId)
    return findVisitor(parts, cookies, request).then(
      (visitor) => problemPage(problem, requestId, visitor?.viewer),
      () => problemPage(problem, requestId),
    )
  }
}
