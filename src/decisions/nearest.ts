import { findPolicy, type PolicyText } from '../policy/index.ts'

const MOST = 5

/**
 * Permits whose scope speaks of an action: the nearest thing to an answer where nothing permitted a call. A reading of the
 * text for people, not an evaluation: groups of actions are not looked into.
 */
export function permitsFor(text: string, action: string): readonly PolicyText[] {
  const ids = [...text.matchAll(/@id\s*\(\s*"([^"\\]+)"\s*\)/g)]
  const found: PolicyText[] = []
  for (const [i, match] of ids.entries()) {
    const piece = text.slice(match.index, ids[i + 1]?.index)
    if (!/\bpermit\s*\(/.test(piece) || !piece.includes(`Action::"${action}"`)) continue
    const policy = findPolicy(text, match[1] ?? '')
    if (policy) found.push(policy)
    if (found.length === MOST) break
  }
  return found
}
