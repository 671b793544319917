import { parentPort, workerData } from 'node:worker_threads'
import { loadPolicySet } from '../../../policy/policy/index.ts'
import { readSetting, type SettingFacts } from '../../../tasks/decision-log/index.ts'
import type { RecordedPage } from './recorded-pages.ts'
import { Replayer } from './replayer.ts'

export interface ReplaySets {
  readonly live: Parameters<typeof loadPolicySet>[0]
  readonly draft: Parameters<typeof loadPolicySet>[0]
  /** See `Sets`. */
  readonly asPublished: boolean
}

// The thread of one replay: decides page after page, and answers each with a word, the last with the findings.

const { asPublished, draft, live } = workerData as ReplaySets // as: what `replay` started this file with
const replayer = new Replayer({
  live: loadPolicySet(live),
  draft: loadPolicySet(draft),
  asPublished,
})
const settings = new Map<string, SettingFacts>()

parentPort?.on('message', (page: RecordedPage | 'end') => {
  if (page === 'end') {
    parentPort?.postMessage({ report: replayer.report() })
    return
  }
  if (page.forget) settings.clear()
  for (const [digest, value] of page.settings) settings.set(digest, readSetting(value))
  for (const row of page.rows) replayer.add(row, settings.get(row.setting ?? ''))
  parentPort?.postMessage({ decided: page.rows.length })
})
parentPort?.postMessage({ decided: 0 })
