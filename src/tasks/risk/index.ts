/**
 * Measure of how unusual and how dangerous a call is, from earlier calls and from signals of other
 * systems.
 */
export { type Assessment, riskRecord } from './assess.ts'
export { forgetRisk } from './forget.ts'
export { endSignal, raiseSignal } from './reported-signals/raise-signal.ts'
export { listSignals, type StoredSignal } from './reported-signals/signal-store.ts'
export { RiskHistory, type RiskObservation } from './risk-books.ts'
export { type StoredRisk, storedRisk, type ToldRisk, tellable, whole } from './stored-risk.ts'
export { type UnusualFacts, unusualIn } from './unusual.ts'
