/** Result of a check. `unknown`: it could not be made. */
export type DiagnosisStatus = 'ok' | 'warning' | 'error' | 'not_applicable' | 'unknown'

/** Facts that a check found. Never a secret. */
export interface Diagnosis {
  readonly status: DiagnosisStatus
  readonly message: string
  /** Advice on how to fix it, with warnings and errors. */
  readonly fix?: string
}

export const ok = (message: string): Diagnosis => ({ status: 'ok', message })
export const warning = (message: string, fix: string): Diagnosis => ({
  status: 'warning',
  message,
  fix,
})
export const failed = (message: string, fix: string): Diagnosis => ({
  status: 'error',
  message,
  fix,
})
export const unknown = (message: string): Diagnosis => ({ status: 'unknown', message })
export const notApplicable = (message: string): Diagnosis => ({ status: 'not_applicable', message })

/** The worst of several findings about one thing; `fine` where there is none. */
export function worst(found: readonly Diagnosis[], fine: string): Diagnosis {
  return (
    found.find(({ status }) => status === 'error') ??
    found.find(({ status }) => status === 'warning') ??
    found[0] ??
    ok(fine)
  )
}
