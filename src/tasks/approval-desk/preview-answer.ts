import type { Json } from '../../platform/lib/json.ts'

/** Time in which one approver fetches the preview of a request once. */
export const PREVIEW_SPAN_MS = 30_000

/** Result of a preview. Nothing of it is hashed, approved or sent. */
export type PreviewAnswer =
  | {
      readonly state: 'fetched'
      /** Words of the API, as far as policies let them be told to the task. */
      readonly value: Json
      readonly decisionId: string
    }
  | {
      readonly state: 'unfetched'
      /** Words of Remit. */
      readonly why: string
      readonly decisionId?: string | undefined
    }

export function unfetched(why: string, decisionId?: string): PreviewAnswer {
  return { state: 'unfetched', why, decisionId }
}
