import type { Counterpart } from '../counterpart.ts'
import { fromNpm } from '../npm.ts'

/** Official clients of APIs that take forms, and the reader of forms that most servers in Node use. */
export const formClients: Counterpart = {
  name: 'form-clients',
  version: 'stripe 23.1.0, twilio 6.3.1, @slack/web-api 8.2.0, qs 6.17.1',
  async get() {
    return { REMIT_INTEROP_FORM_CLIENTS: fromNpm('form-clients', import.meta.dirname) }
  },
}
