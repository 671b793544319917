import { oneOf, readDays, type SettingValues, setting } from '../../platform/lib/setting.ts'
import type { RetentionRules } from './rules.ts'

/** Settings of retention. Nothing is deleted by default. */
export const RETENTION_SETTINGS = {
  retention: setting(
    'REMIT_RETENTION',
    'on',
    'Whether the rules below delete and erase: `on`, or `off`, then `remit retention show` only says what would go. Erasures that a person asked for go on in either case.',
    oneOf('on', 'off'),
  ),
  argumentsKeptDays: setting(
    'REMIT_RETENTION_ARGUMENTS_DAYS',
    '0',
    'Days after which arguments, addresses and texts are erased: beside records of the ledger, in decisions, and in notices. The records and the tree stay. 0: never.',
    readDays,
  ),
  strangersKeptDays: setting(
    'REMIT_RETENTION_STRANGERS_DAYS',
    '0',
    'Days after which addresses of refused callers who were never identified are erased. 0: never.',
    readDays,
  ),
  noticesKeptDays: setting(
    'REMIT_RETENTION_NOTICES_DAYS',
    '0',
    'Days after which notices of permitted calls are deleted. 0: together with the arguments.',
    readDays,
  ),
  permitsKeptDays: setting(
    'REMIT_RETENTION_PERMITS_DAYS',
    '0',
    'Days after which decisions that permitted are deleted; their records stay in the ledger. Needs REMIT_RETENTION_ARGUMENTS_DAYS, which must not be longer. 0: never.',
    readDays,
  ),
  refusalsKeptDays: setting(
    'REMIT_RETENTION_REFUSALS_DAYS',
    '0',
    'The same for decisions that denied or asked for an approval. 0: never.',
    readDays,
  ),
  requestsKeptDays: setting(
    'REMIT_RETENTION_REQUESTS_DAYS',
    '0',
    'Days after their end after which access requests are deleted, with their answers and with allowances that have ended. 0: never.',
    readDays,
  ),
  tasksKeptDays: setting(
    'REMIT_RETENTION_TASKS_DAYS',
    '0',
    'Days after their end after which purpose and details of tasks are erased. 0: never.',
    readDays,
  ),
} as const

export type RetentionSettings = SettingValues<typeof RETENTION_SETTINGS>

export function retentionContradictions(settings: RetentionSettings): readonly string[] {
  const found: string[] = []
  const { permitsKeptDays: permits, refusalsKeptDays: refusals } = settings
  for (const [name, days] of [
    ['REMIT_RETENTION_PERMITS_DAYS', permits],
    ['REMIT_RETENTION_REFUSALS_DAYS', refusals],
  ] as const)
    if (days > 0 && (settings.argumentsKeptDays === 0 || settings.argumentsKeptDays > days))
      found.push(
        `REMIT_RETENTION_ARGUMENTS_DAYS has to be set, and not longer than ${name}: whose arguments they are is known from the decision`,
      )
  return found
}

/** Rules by which each class is kept. */
export function rulesIn(settings: RetentionSettings): RetentionRules {
  return {
    arguments: settings.argumentsKeptDays,
    strangers: settings.strangersKeptDays,
    notices: settings.noticesKeptDays,
    permits: settings.permitsKeptDays,
    refusals: settings.refusalsKeptDays,
    requests: settings.requestsKeptDays,
    tasks: settings.tasksKeptDays,
  }
}
