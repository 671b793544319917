import type { KeptClass } from './class.ts'
import { inputs, permits, refusals } from './decision-classes.ts'
import { notices, requests, tasks } from './other-classes.ts'
import type { RetentionParts } from './parts.ts'
import { argumentsBeside, strangers } from './record-classes.ts'
import type { ClassName } from './rules.ts'

/** Every class, by its name. */
export function classesOf(
  parts: Pick<RetentionParts, 'ledger'>,
): Readonly<Record<ClassName, KeptClass>> {
  return {
    arguments: argumentsBeside(parts),
    inputs,
    strangers: strangers(parts),
    notices,
    permits,
    refusals,
    requests,
    tasks,
  }
}
