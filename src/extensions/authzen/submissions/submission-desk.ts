import type { EvaluationDenial, PeopleDesk, SubmittedQuestion } from '../../../calls/calls/index.ts'
import type { Reader, Step } from '../../../platform/storage/index.ts'
import { denialStep, findApproved } from './submission-store.ts'

/** Keeps denials so that enforcement points can submit them, and finds what they submitted. */
export class SubmissionDesk implements PeopleDesk {
  readonly #reader: Reader

  constructor(reader: Reader) {
    this.#reader = reader
  }

  offerStep(denial: EvaluationDenial): Step {
    return denialStep(this.#reader, denial)
  }

  findShown(pep: string, approvalId: string): Promise<SubmittedQuestion | undefined> {
    return findApproved(this.#reader, pep, approvalId)
  }
}
