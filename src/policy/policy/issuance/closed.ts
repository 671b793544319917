/**
 * Risk of tokens without a call: nothing is unusual. Read by no rule (`issuanceMistake`); there so
 * that a whole context is one of the schema's.
 */
export const CLOSED = {
  risk: {
    record: {
      class: 'low',
      score: { integer: '0' },
      signals: { set: [] },
      firstForAgent: false,
      firstForAction: false,
      callsLastMinute: { integer: '0' },
      hour: { integer: '0' },
      hourUtc: { integer: '0' },
      external: { set: [] },
    },
  },
} as const
