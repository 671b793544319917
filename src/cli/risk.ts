import { RISK } from '../operations/risk.ts'
import { nounCommand } from './operations/noun.ts'

/** `remit risk …` */
export const riskCommand = nounCommand(RISK)
