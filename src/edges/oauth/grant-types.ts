/** RFC 8693 section 2.1 */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
/** RFC 7523 section 2.1 */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** RFC 6749 section 4.4 */
export const CLIENT_CREDENTIALS = 'client_credentials'
/** Deferred Token Response */
export const DEFERRED = 'urn:ietf:params:oauth:grant-type:deferred'
/** Deferred Token Response: what `token_type_hint` and metadata of the revocation endpoint call its codes. */
export const DEFERRAL_CODE = 'urn:ietf:params:oauth:token-type:deferral-code'
/** RFC 8628 section 3.4 */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
/** OpenID CIBA section 10.1 */
export const CIBA = 'urn:openid:params:grant-type:ciba'
/** RFC 8693 section 3 */
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
export const REFRESH_TOKEN = 'urn:ietf:params:oauth:token-type:refresh_token'
export const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'
/** draft-ietf-oauth-identity-assertion-authz-grant; draft-ietf-oauth-identity-chaining */
export const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag'
export const JWT = 'urn:ietf:params:oauth:token-type:jwt'
/** draft-ietf-oauth-transaction-tokens */
export const TRANSACTION_TOKEN = 'urn:ietf:params:oauth:token-type:txn_token'
/** RFC 7523 section 2.2 */
export const CLIENT_ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
