import { repeat } from '../../platform/lib/repeat.ts'
import type { ModuleGround, OpenModule } from '../module.ts'
import { ANALYSIS_OPERATIONS } from './acts.ts'
import { approvalsLike, SHADOW, Shadow, stopShadow } from './index.ts'

/** Pause between two writes of what a draft would have answered differently. */
const SHADOW_EVERY_MS = 2_000

export function openAnalysis({ live }: ModuleGround): OpenModule {
  let shadow: Shadow | undefined
  return {
    hooks: {
      approvalsLike,
      watcherOf(parts) {
        shadow = new Shadow({
          ...parts,
          onOvertaken: async ({ number }) => {
            await stopShadow(parts, { by: 'system', number, why: 'published' })
          },
        })
        return shadow
      },
    },
    begin: (tx) => live.begin(tx, SHADOW),
    operations: () => ANALYSIS_OPERATIONS,
    async work(_, onError) {
      const watching = shadow
      if (watching === undefined) return []
      await watching.start()
      const flushing = repeat(() => watching.flush(), { everyMs: SHADOW_EVERY_MS, onError })
      return [
        { name: 'draft of policies', close: () => flushing.stop() },
        { name: 'shadow', close: () => watching.stop() },
      ]
    },
  }
}
