import { type Batches, packList, unpackList } from '../../platform/lib/batches.ts'
import type { Action } from '../catalog/index.ts'
import type { ImportPlan } from './plan-resource.ts'

/** A plan on its way from the thread that made it. */
export interface PackedPlan extends Omit<ImportPlan, 'actions'> {
  readonly actions: Batches
}

export function packPlan(plan: ImportPlan): PackedPlan {
  return { ...plan, actions: packList(plan.actions) }
}

export async function unpackPlan(packed: PackedPlan): Promise<ImportPlan> {
  return { ...packed, actions: await unpackList<Action>(packed.actions) }
}
