import { Problem } from '../../../platform/lib/problem.ts'
import { type Action, checkSentence } from '../../catalog/index.ts'
import { keptDisplays, proposedDisplays } from '../displays.ts'
import { keptMarks, proposedMarks } from '../marks.ts'

export interface KeptAction {
  readonly action: Action
  readonly notes: readonly string[]
}

/** The document proposes; what an administrator set stays: risk classes, and sentences that still fit. */
export function keepSettings(action: Action, old: Action | undefined): KeptAction {
  if (!old)
    return {
      action: { ...action, ...proposedMarks(action), ...proposedDisplays(action) },
      notes: [],
    }
  requireSameTool(action, old)
  const notes: string[] = []
  const fits = checkSentence(old.sentence, action.arguments).length === 0
  if (!fits)
    notes.push(
      `${action.name}: the sentence no longer fits its arguments and is the document's now`,
    )
  else if (old.sentence !== action.sentence) {
    notes.push(`${action.name}: keeps its sentence; the document proposes \`${action.sentence}\``)
  }
  const settled = !old.riskProposed && !isLighter(action, old)
  if (!old.riskProposed && !settled)
    notes.push(`${action.name}: says now that it only reads; its risk class has to be set again`)
  const { risk, riskProposed } = settled ? old : action
  return {
    action: {
      ...action,
      ...keptMarks(action, old),
      ...keptDisplays(action, old),
      preview: old.preview,
      ...(old.names ? { names: old.names } : {}),
      risk,
      riskProposed,
      sentence: fits ? old.sentence : action.sentence,
    },
    notes,
  }
}

/**
 * INVARIANT: a name never comes to mean another tool (`nameFor`); ceilings and consents that name it would mean that one, too.
 * @throws Problem `catalog.changed`
 */
export function requireSameTool(action: Action, old: Action): void {
  const { definition } = action
  if (definition?.kind === old.definition?.kind && definition?.name === old.definition?.name) return
  const detail = `\`${action.name}\` means another tool of the server meanwhile: import it again`
  throw new Problem('catalog.changed', detail)
}

/** A class that was set for a tool that changes things does not hold for one that claims to read. */
function isLighter(action: Action, old: Action): boolean {
  return action.definition?.kind === 'tool' && action.access === 'read' && old.access === 'write'
}
