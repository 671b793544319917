/** Pages for people: sign-in, consent, approvals, tasks, decisions. Server-rendered; no script runs in them. */
export { problemPageFor } from './problem-page-for.ts'
export { registerPages } from './register.ts'
export { problemPage } from './trouble-page.ts'
