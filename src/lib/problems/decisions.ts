/** Problems with decisions and their inputs. Kept sorted. */
export const DECISION_PROBLEMS = {
  'call.no_longer_live': { status: 403, title: 'The task no longer permits the call' },
  'decision.ended': { status: 409, title: 'The outcome of the decision is recorded already' },
  'decision.unknown': { status: 404, title: 'There is no such decision' },
  'decision_point.bad': { status: 400, title: 'The decision point cannot be configured like this' },
  'decision_point.exists': { status: 409, title: 'There is a decision point of that name' },
  'decision_point.unknown': { status: 404, title: 'There is no such decision point' },
  'external.denied': { status: 403, title: 'An external decision point denied the call' },
  'external.failed': { status: 403, title: 'An external decision point gave no answer' },
  'external.unmapped': { status: 403, title: 'An external decision point cannot be asked' },
  'obligation.failed': { status: 502, title: 'The answer is withheld' },
  'obligation.unknown': { status: 403, title: 'A condition of the permit cannot be met' },
  'risk_signal.bad': { status: 400, title: 'The signal is not acceptable' },
  'risk_signal.too_many': { status: 409, title: 'There are too many signals about it' },
  'risk_signal.unknown': { status: 404, title: 'There is no such signal' },
  'risk_signal.unknown_subject': { status: 404, title: 'There is nothing to raise a signal about' },
  'signal_source.bad_name': {
    status: 400,
    title: 'The name of the signal source is not acceptable',
  },
  'signal_source.exists': { status: 409, title: 'There is a signal source of that name' },
  'signal_source.unauthenticated': {
    status: 401,
    title: 'The signal source could not be authenticated',
  },
  'signal_source.unknown': { status: 404, title: 'There is no such signal source' },
} as const
