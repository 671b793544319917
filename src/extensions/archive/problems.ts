import { moduleProblems } from '../../platform/lib/problem.ts'

/** Problems with the archive. Kept sorted. */
export const ARCHIVE_PROBLEMS = moduleProblems({
  'archive.damaged': { status: 500, title: 'The archive is damaged' },
  'archive.other_content': { status: 409, title: 'The archive has other content there' },
  'archive.unreachable': { status: 503, title: 'The archive cannot be reached' },
})
