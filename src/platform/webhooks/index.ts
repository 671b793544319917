/** Signed messages to addresses that people set: where they may go, how they are signed, and what came of them. */
export { DeliveryError } from './delivery-error.ts'
export { badAddress, type PostParts, postTo, readUrl } from './post.ts'
export { RETRY_PAUSES_MS } from './retry-pauses.ts'
export { newWebhookSecret, webhookHeaders } from './sign-webhook.ts'
