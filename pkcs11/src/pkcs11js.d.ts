/** The part of the package that is used: types must not need an installation of native code. */
declare module 'pkcs11js' {
  export const PKCS11: new () => import('./cryptoki.ts').Cryptoki
}
