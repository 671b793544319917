import type { JsonObject } from '../../../platform/lib/json.ts'
import type { Action } from '../../catalog/index.ts'
import { slug } from '../plan-resource.ts'

export interface Proposal extends Pick<Action, 'risk' | 'access'> {
  readonly notes: readonly string[]
  /** Contradiction between the tool's hints and its name: its hints are not passed on either. */
  readonly contradicted: boolean
}

/** Words of names that say something is gone afterwards. */
const ENDS = new Set(
  'clear delete destroy drop erase kill overwrite purge remove revoke shutdown terminate truncate uninstall unlink wipe'.split(
    ' ',
  ),
)
/** First words of names that say something is different afterwards, or has left the house. */
const CHANGES = new Set(
  'add append approve archive assign book buy cancel close commit copy create deploy edit exec execute grant import insert install invite merge modify move order patch pay post publish push put refund rename replace reset save send set share submit transfer trigger update upload upsert write'.split(
    ' ',
  ),
)

/**
 * The risk class and access that a tool's annotations suggest: `readOnlyHint` → low and read; `destructiveHint: false` → medium;
 * anything else → high, because MCP takes a tool without annotations for destructive (2025-11-25, ToolAnnotations).
 *
 * Annotations are the server's own word ("clients MUST consider tool annotations to be untrusted"). So they only *propose*: until
 * an administrator confirms the class, gates count the tool as one that said nothing (`countedRisk`). A server that lies can lower
 * what an administrator is shown as a proposal; it cannot loosen a gate. Where a tool's own name contradicts its hints, the higher
 * class is proposed, and a note says so.
 */
export function proposeRisk(name: string, annotations: JsonObject | undefined): Proposal {
  const readOnly = annotations?.get('readOnlyHint') === true
  const destructive = annotations?.get('destructiveHint')
  const words = slug(name.replaceAll(/[_./]+/g, '-')).split('-')
  if (readOnly && destructive === true) {
    return contradiction('high', 'it says that it only reads and that it destroys')
  }
  const ending = words.find((word) => ENDS.has(word))
  if (ending !== undefined && (readOnly || destructive === false)) {
    return contradiction(
      'high',
      `its name says \`${ending}\`, and its hints say that it is harmless`,
    )
  }
  const first = words[0] ?? ''
  if (CHANGES.has(first) && readOnly) {
    return contradiction(
      'medium',
      `its name says \`${first}\`, and its hints say that it only reads`,
    )
  }
  if (readOnly) return { risk: 'low', access: 'read', notes: [], contradicted: false }
  const risk = destructive === false ? 'medium' : 'high'
  return { risk, access: 'write', notes: [], contradicted: false }
}

function contradiction(risk: 'medium' | 'high', why: string): Proposal {
  return {
    risk,
    access: 'write',
    notes: [`${why}: ${risk} is proposed, and its hints are not passed on`],
    contradicted: true,
  }
}
