// Defaults that the command line needs without loading the settings.

/** Public origin of the authorization server, the management API and the pages. */
export const DEFAULT_ISSUER = 'http://127.0.0.1:7480'
/** Directory of the embedded database and the master key. */
export const DEFAULT_DATA = '.remit'
