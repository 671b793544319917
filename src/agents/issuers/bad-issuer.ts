import { Problem } from '../../lib/problem.ts'

export function bad(detail: string): Problem {
  return new Problem('issuer.bad', detail)
}
