/** Previews: what an approver sees of what a waiting call is about, read by Remit as a call of the same task. */
export { fetchPreview } from './fetch-preview.ts'
