/** Problems with approvals and allowances. Kept sorted. */
export const APPROVAL_PROBLEMS = {
  'allowance.bad_choice': { status: 400, title: 'The allowance is not valid' },
  'allowance.unknown': { status: 404, title: 'There is no such allowance' },
  'approval.already_answered': { status: 409, title: 'You have answered already' },
  'approval.bad_reason': { status: 400, title: 'The reason is not valid' },
  'approval.denied': { status: 403, title: 'A person denied this call' },
  'approval.executed': { status: 409, title: 'The approval was already used' },
  'approval.expired': { status: 409, title: 'The access request expired' },
  'approval.not_an_approver': { status: 403, title: 'You may not answer this request' },
  'approval.not_pending': { status: 409, title: 'The access request is no longer pending' },
  'approval.own_request': { status: 403, title: 'You cannot approve a call made for yourself' },
  'approval.required': { status: 403, title: 'The call needs an approval' },
  'approval.shown_differs': { status: 409, title: 'The page showed something else' },
  'approval.too_many_pending': {
    status: 403,
    title: 'Too many calls of this agent are waiting for approval',
  },
  'approval.unknown': { status: 404, title: 'There is no such access request' },
  'approval.used': { status: 409, title: 'The call was already executed' },
} as const
