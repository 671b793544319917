import type { X509Certificate } from 'node:crypto'

/**
 * The way from a certificate to an anchor, by who signed whom; `undefined` where there is none. The certificates sent along may be in any
 * order, and not all of them have to be of use.
 * INVARIANT: it ends, whatever was sent: each certificate is on a way once, and each signature is verified once. The library looks for
 * ways, too, and goes in circles where two certificates signed each other.
 */
export function leadToAnchor(
  leaf: X509Certificate,
  {
    anchors,
    between,
    now,
  }: {
    readonly anchors: readonly X509Certificate[]
    readonly between: readonly X509Certificate[]
    readonly now: number
  },
): readonly X509Certificate[] | undefined {
  const signers = new Map<X509Certificate, readonly X509Certificate[]>()
  const usable = [...anchors, ...between].filter((each) => isAuthorityAt(each, now))
  const signersOf = (certificate: X509Certificate) => {
    const found =
      signers.get(certificate) ??
      usable.filter((each) => each !== leaf && signed(each, certificate))
    signers.set(certificate, found)
    return found
  }
  const from = (way: readonly X509Certificate[], last: X509Certificate): typeof way | undefined => {
    for (const signer of signersOf(last)) {
      if (anchors.includes(signer)) return [...way, signer]
      const further = way.includes(signer) ? undefined : from([...way, signer], signer)
      if (further) return further
    }
    return undefined
  }
  return from([leaf], leaf)
}

function isAuthorityAt({ ca, validFrom, validTo }: X509Certificate, now: number): boolean {
  return ca && Date.parse(validFrom) <= now && now <= Date.parse(validTo)
}

function signed(signer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(signer) && certificate.verify(signer.publicKey)
}
