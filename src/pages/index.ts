/** Pages for people: sign-in, consent, approvals, tasks, decisions. Server-rendered; no script runs in them. */
export type { PageParts } from './parts.ts'
export { registerPages } from './register.ts'
export { problemPageFor } from './trouble/problem-page-for.ts'
export { problemPage } from './trouble/trouble-page.ts'
