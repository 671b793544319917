import { sha256url } from '../../lib/bytes.ts'
import type { WantedTask } from '../opening/opening.ts'

/**
 * What a deferred request asked for, and what its agent had shown of the person. Fixed when it is deferred: whoever asks for the
 * answer later brings nothing but the code.
 */
export interface FrozenRequest extends WantedTask {
  readonly resource?: string | undefined
  /** The address that a device began at. */
  readonly from?: string
  readonly proved: { readonly authTime: number | null; readonly acr: string | null }
}

/** As text for the books. */
export function freeze({ from, proved, ...wanted }: FrozenRequest): string {
  const { budget, details, lifeSeconds, purpose, resource, scope, space, thread } = wanted
  return JSON.stringify({
    ...{ purpose, details, scope, resource, lifeSeconds, budget, space, thread, from },
    proved: { authTime: proved.authTime, acr: proved.acr },
  })
}

export function thaw(text: string): FrozenRequest {
  return JSON.parse(text) as FrozenRequest // written by `freeze`
}

/** The same request of the same key for the same person is the same one, whatever was shown beside it. */
export function requestHash(
  request: FrozenRequest,
  of: { readonly personId: string | null; readonly thumbprint: string | null },
): string {
  const { purpose, details, scope, resource, lifeSeconds, budget, space, thread } = request
  const asked = [purpose, details, scope, resource, lifeSeconds, budget, space, thread]
  return sha256url(JSON.stringify([of.personId, of.thumbprint, ...asked]))
}
