/** A certificate authority made for one run: nobody else trusts it, and it is gone with the run. */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const hour = 3_600_000

export type CertificateAuthority = {
  /** PEM of the root. */
  readonly certificate: string
  /** A leaf for exactly these host names, which services may also show to each other as clients (subjectAltName: Node refuses wildcards below a top-level name such as `*.test`). */
  readonly issue: (names: readonly string[]) => Promise<{ readonly certificate: string; readonly key: string }>
  /** For one user, named by the subject (`CN=NAME`). Serves as a client's alone. */
  readonly issueClient: (name: string) => Promise<{ readonly certificate: string; readonly key: string }>
}

/** Valid from an hour ago (clocks of containers and host may differ) for a day. */
export async function createAuthority(): Promise<CertificateAuthority> {
  const validity = () => ({ notBefore: new Date(Date.now() - hour), notAfter: new Date(Date.now() + 24 * hour) })
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const subject = 'CN=conformance run authority'
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: subject,
    ...validity(),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const leafOf = async (commonName: string, extensions: readonly x509.Extension[]) => {
    const leafKeys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: [{ CN: [commonName] }],
      issuer: subject,
      ...validity(),
      signingAlgorithm: algorithm,
      publicKey: leafKeys.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        ...extensions,
        new x509.BasicConstraintsExtension(false),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
        await x509.SubjectKeyIdentifierExtension.create(leafKeys.publicKey),
      ],
    })
    const key = await crypto.subtle.exportKey('pkcs8', leafKeys.privateKey)
    return { certificate: leaf.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
  }
  return {
    certificate: root.toString('pem'),
    issue: (names) =>
      leafOf(names[0] ?? 'localhost', [
        new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      ]),
    issueClient: (name) =>
      leafOf(name, [
        // A user name that is no address has no place there.
        ...(name.includes('@') ? [new x509.SubjectAlternativeNameExtension([{ type: 'email', value: name }])] : []),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      ]),
  }
}

/** Positive (RFC 5280 4.1.2.2) and unguessable. */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = (bytes[0] ?? 0) & 0x7f
  return Buffer.from(bytes).toString('hex')
}
