import type { Json } from '../../platform/lib/json.ts'
import { answerInSlack, type SlackAnswerParts } from './answer-press.ts'

/** Parts that this room works with. */
export type ChatParts = SlackAnswerParts & { readonly onError: (error: unknown) => void }

/**
 * Carries out an interaction, once and for all replicas. Answers the work that is left when Slack has its acknowledgement: to tell
 * the person who pressed why nothing came of it.
 */
export async function takePress(
  parts: ChatParts,
  payload: Json,
  repeated: boolean,
): Promise<(() => Promise<void>) | undefined> {
  const press = parts.slack.readPress(payload, repeated)
  if (!press) return undefined
  const text = await answerInSlack(parts, press)
  if (text === undefined) return undefined
  return () => parts.slack.tell(press, text).catch(parts.onError)
}
