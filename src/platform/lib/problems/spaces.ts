/** Problems with spaces, surfaces and threads. Kept sorted. */
export const SPACE_PROBLEMS = {
  'space.bad': { status: 400, title: 'The space is not valid' },
  'space.exists': { status: 409, title: 'The name of the space is taken' },
  'space.mode': { status: 403, title: 'The mode of the space does not allow this task' },
  'space.no_source': { status: 403, title: 'No trusted source reports who is present' },
  'space.not_below': {
    status: 403,
    title: "A child task must be in its parent's space or below it",
  },
  'space.not_open': { status: 403, title: 'No task may be opened there' },
  'space.removed': { status: 403, title: 'The space was removed' },
  'space.suspended': { status: 403, title: 'The space is suspended' },
  'space.unknown': { status: 404, title: 'There is no such space' },
  'thread.agent_not_in_it': { status: 403, title: 'The agent is not part of the conversation' },
  'thread.bad': { status: 400, title: 'The report about the thread is not valid' },
  'thread.ended': { status: 403, title: 'The conversation has ended' },
  'thread.not_fresh': { status: 403, title: 'It is no longer known who is in the conversation' },
  'thread.not_yours': { status: 403, title: 'The thread belongs to another surface' },
  'thread.other_requester': { status: 403, title: 'Another person is asking in the conversation' },
  'thread.overtaken': { status: 409, title: 'There is a newer report about the thread' },
  'thread.participant_suspended': {
    status: 403,
    title: 'Someone in the conversation is suspended',
  },
  'thread.strangers': { status: 403, title: 'Someone in the conversation is unknown' },
  'thread.unknown': { status: 404, title: 'There is no such thread' },
} as const
