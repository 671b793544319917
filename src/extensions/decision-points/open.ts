import { outbound } from '../../platform/net/index.ts'
import type { ModuleGround, OpenModule } from '../module.ts'
import { pointOperations } from './acts.ts'
import { DecisionPoints } from './decision-points.ts'

export function openDecisionPoints(ground: ModuleGround): OpenModule {
  const deciders = outbound({ allowOrigins: () => true }) // it is only ever asked for what an administrator registered
  const points = new DecisionPoints({ ...ground, outbound: deciders })
  return {
    hooks: { points },
    operations: () => pointOperations({ points }),
    close: () => deciders.close(),
  }
}
