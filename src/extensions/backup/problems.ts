import { moduleProblem } from '../../platform/lib/problem.ts'

/** Problems with backups and exports. Kept sorted. */
const PROBLEMS = {
  'backup.cannot_write': { status: 500, title: 'The backup cannot be written' },
  'backup.damaged': { status: 500, title: 'The backup is damaged' },
  'backup.imported': { status: 409, title: 'The export was imported before' },
  'backup.incomplete': { status: 409, title: 'The backup is not complete' },
  'backup.other_destination': { status: 409, title: 'The export is for another database' },
  'backup.other_issuer': { status: 409, title: 'The backup belongs to another issuer' },
  'backup.other_master_key': { status: 409, title: 'The backup belongs to another master key' },
  'backup.other_schema': { status: 409, title: 'The backup has another schema than this build' },
  'backup.wrong_kind': { status: 409, title: 'The directory is not an export' },
} as const

type OwnProblems = typeof PROBLEMS

declare module '../../platform/lib/problem.ts' {
  interface ModuleProblems extends OwnProblems {}
}

export const BackupProblem = moduleProblem(PROBLEMS)
