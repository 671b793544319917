import { moduleProblem } from '../../platform/lib/problem.ts'

/** Problems with the archive. Kept sorted. */
const PROBLEMS = {
  'archive.damaged': { status: 500, title: 'The archive is damaged' },
  'archive.other_content': { status: 409, title: 'The archive has other content there' },
  'archive.unreachable': { status: 503, title: 'The archive cannot be reached' },
} as const

type OwnProblems = typeof PROBLEMS

declare module '../../platform/lib/problem.ts' {
  interface ModuleProblems extends OwnProblems {}
}

export const ArchiveProblem = moduleProblem(PROBLEMS)
