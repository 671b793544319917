/** RFC 9457 as Remit writes it. */
export interface WireProblem {
  readonly code: string
  readonly detail: string
  readonly enough: string | undefined
  readonly decisionId: string | undefined
  readonly members: Readonly<Record<string, unknown>>
}

/**
 * Reads what Remit itself said about a call.
 * INVARIANT: nothing that an API behind the gateway answers is taken for it: the gateway says of
 * its own answers that they are (`Remit-Answer: own`), and passes nothing on that an API calls so.
 */
export async function ownProblemOf(response: Response): Promise<WireProblem | undefined> {
  return response.headers.get('remit-answer') === 'own' ? problemOf(response) : undefined
}

/** The problem in an answer of Remit's. The answer's body stays unread. */
export async function problemOf(response: Response): Promise<WireProblem | undefined> {
  const type = response.headers.get('content-type') ?? ''
  if (response.status < 400 || !/^application\/problem\+json\b/i.test(type)) return undefined
  const members = await objectOf(response.clone())
  const { code, decision_id, detail, enough } = members
  if (typeof code !== 'string' || members.type !== `urn:remit:problem:${code}`) return undefined
  return {
    code,
    detail: textOr(detail) ?? 'no reason was given',
    enough: textOr(enough),
    decisionId: textOr(decision_id) ?? response.headers.get('remit-decision') ?? undefined,
    members,
  }
}

/** The body as a JSON object; empty when it is none. */
export async function objectOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  try {
    return recordOf(await response.json())
  } catch {
    return {}
  }
}

/** The value when it is an object, else an empty one. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

/** The value when it is a text with something in it. */
export function textOr(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
