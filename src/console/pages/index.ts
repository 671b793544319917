/** Pages for people: sign-in, consent, approvals, tasks, decisions, and what pages elsewhere are made of. Server-rendered; no script runs in them. */
export { csrfField, documentOf, zoneOf } from './frame/document.ts'
export { type Html, html } from './frame/html.ts'
export { badge, empty, notice } from './frame/pieces.ts'
export { show } from './frame/show.ts'
export { clockTime } from './frame/time.ts'
export { Names } from './names.ts'
export type { CountApprovals, FetchPreview, PageParts } from './parts.ts'
export { problemPageFor } from './problem-page-for.ts'
export { registerPages } from './register.ts'
export { type RequiredSignIn, signInFirst, signInFirstNotice } from './sign-in/required-sign-in.ts'
export { problemPage } from './trouble-page.ts'
export {
  type Act,
  mistakeOf,
  type PageRouter,
  requireAdministrator,
  statusHere,
  type Visit,
  type Visitor,
} from './visit.ts'
