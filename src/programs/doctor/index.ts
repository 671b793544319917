/** Examination of an installation: faults for production, how to fix them, and where that is described. */
export { type ExaminationParts, examine } from './examine.ts'
export { systemProbes } from './probes.ts'
export { type DoctorReport, exitOf, reportOf, tableOf } from './report.ts'
