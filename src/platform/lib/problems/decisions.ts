/** Problems with decisions and their inputs. Kept sorted. */
export const DECISION_PROBLEMS = {
  'call.effect_unknown': { status: 502, title: 'The call was sent, and its effect is not known' },
  'call.no_longer_live': { status: 403, title: 'The call is no longer permitted' },
  'decision.ended': { status: 409, title: 'The outcome was already recorded' },
  'decision.unknown': { status: 404, title: 'There is no such decision' },
  'decision.unreportable': {
    status: 409,
    title: 'The decision cannot be one of this API',
  },
  'external.denied': { status: 403, title: 'An external decision point denied the call' },
  'external.failed': { status: 403, title: 'An external decision point did not answer' },
  'external.unmapped': { status: 403, title: 'An external decision point cannot be asked' },
  'obligation.failed': { status: 502, title: 'The response is withheld' },
  'obligation.unknown': { status: 403, title: 'An obligation of the permit cannot be met' },
  'risk_signal.bad': { status: 400, title: 'The risk signal is not valid' },
  'risk_signal.too_many': {
    status: 409,
    title: 'There are too many risk signals about the subject',
  },
  'risk_signal.unknown': { status: 404, title: 'There is no such risk signal' },
  'risk_signal.unknown_subject': {
    status: 404,
    title: 'The subject of the risk signal does not exist',
  },
} as const
