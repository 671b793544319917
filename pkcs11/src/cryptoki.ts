/**
 * Functions of PKCS #11 v2.40 that we use, as the package `pkcs11js` has them. Handles are opaque.
 */
export interface Cryptoki {
  load(path: string): void
  C_Initialize(options: { readonly flags: number }): void
  C_GetSlotList(tokenPresent: boolean): Handle[]
  C_GetTokenInfo(slot: Handle): { readonly label: string }
  C_OpenSession(slot: Handle, flags: number): Handle
  C_CloseAllSessions(slot: Handle): void
  C_Login(session: Handle, user: number, pin: string): void
  C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void
  C_FindObjects(session: Handle, most: number): Handle[]
  C_FindObjectsFinal(session: Handle): void
  C_GetAttributeValue(
    session: Handle,
    object: Handle,
    template: readonly { readonly type: number }[],
  ): readonly { readonly value: Buffer }[]
  C_GenerateKeyPair(
    session: Handle,
    mechanism: { readonly mechanism: number },
    publicTemplate: readonly Attribute[],
    privateTemplate: readonly Attribute[],
  ): { readonly publicKey: Handle; readonly privateKey: Handle }
  C_DestroyObject(session: Handle, object: Handle): void
  C_SignInit(session: Handle, mechanism: { readonly mechanism: number }, key: Handle): void
  C_SignAsync(session: Handle, data: Buffer, out: Buffer): Promise<Buffer>
}

export type Handle = Buffer

export interface Attribute {
  readonly type: number
  readonly value: number | boolean | string | Buffer
}

/** Names and numbers of the standard (pkcs11t.h). */
export const CKF = { OS_LOCKING_OK: 2, RW_SESSION: 2, SERIAL_SESSION: 4 } as const
export const CKU_USER = 1
export const CKO = { PUBLIC_KEY: 2, PRIVATE_KEY: 3 } as const
export const CKK_EC = 3
export const CKM = { EC_KEY_PAIR_GEN: 0x1040, ECDSA: 0x1041 } as const
export const CKA = {
  CLASS: 0,
  TOKEN: 1,
  PRIVATE: 2,
  LABEL: 3,
  KEY_TYPE: 0x100,
  ID: 0x102,
  SENSITIVE: 0x103,
  SIGN: 0x108,
  VERIFY: 0x10a,
  EXTRACTABLE: 0x162,
  EC_PARAMS: 0x180,
  EC_POINT: 0x181,
} as const
export const CKR = {
  KEY_HANDLE_INVALID: 0x60,
  OBJECT_HANDLE_INVALID: 0x82,
  PIN_INCORRECT: 0xa0,
  PIN_INVALID: 0xa1,
  PIN_LEN_RANGE: 0xa2,
  PIN_EXPIRED: 0xa3,
  PIN_LOCKED: 0xa4,
  SESSION_CLOSED: 0xb0,
  SESSION_HANDLE_INVALID: 0xb3,
  USER_ALREADY_LOGGED_IN: 0x100,
  USER_NOT_LOGGED_IN: 0x101,
  DEVICE_ERROR: 0x30,
  DEVICE_REMOVED: 0x32,
  TOKEN_NOT_PRESENT: 0xe0,
} as const

export function resultOf(error: unknown): number | undefined {
  const { code } = Object(error) as { code?: unknown } // as: whatever was thrown
  return typeof code === 'number' ? code : undefined
}
