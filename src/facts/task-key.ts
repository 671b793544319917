import type { Task } from '../tasks/index.ts'

/**
 * Whether a token that is bound to this key can be one of the task; `null`: to none. Tokens of a task that a code opened name their key
 * themselves: a client that authenticates may refresh with another than the one that its task began with (RFC 9449 section 5).
 */
export function isKeyOf(
  { keyThumbprint, openedBy }: Pick<Task, 'keyThumbprint' | 'openedBy'>,
  thumbprint: string | null,
): boolean {
  if (keyThumbprint === null || thumbprint === null) return keyThumbprint === thumbprint
  return keyThumbprint === thumbprint || openedBy === 'code'
}
