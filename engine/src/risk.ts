/** Risk classes of actions and levels of signals, lowest first. The one list of them. */
export const RISKS = ['low', 'medium', 'high', 'critical'] as const
export type Risk = (typeof RISKS)[number]
