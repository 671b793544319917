import { type ApiParts, actsWith } from '../../../console/api/index.ts'
import { type CallbackParts, setCallback } from './callbacks/set-callback.ts'
import { CLIENT_CALLBACK } from './operations.ts'

/** Parts that the callbacks of enforcement points are set with. */
export interface CallbackApi extends ApiParts {
  readonly callbacks: CallbackParts
}

export const CALLBACK_OPERATIONS = actsWith<CallbackApi>()(CLIENT_CALLBACK, {
  callback: async ({ callbacks }, { body, caller, params: { id } }) => {
    const set = await setCallback(callbacks, { id, url: body.url, by: caller.person.id })
    return set ? { url: set.url, secret: set.secret.reveal() } : { url: null }
  },
})
