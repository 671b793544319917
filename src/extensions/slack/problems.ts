import { moduleProblems } from '../../platform/lib/problem.ts'

/** Problems with what Slack posts. Kept sorted. */
export const SLACK_PROBLEMS = moduleProblems({
  'chat.bad_signature': { status: 401, title: 'The signature of the chat service is not valid' },
})
