/** What the `refs` of a case may be, and the address that each one leads to. */

type Kind = { readonly form: RegExp; readonly address: (...parts: readonly string[]) => string | undefined }

/** A path in `docs/` has no address: a report may be opened where the repository is not. */
const kinds: readonly Kind[] = [
  {
    form: /^RFC (\d+)(?: (\d+(?:\.\d+)*))?$/,
    address: (number, section) =>
      `https://www.rfc-editor.org/rfc/rfc${number}.html${section === undefined ? '' : `#section-${section}`}`,
  },
  { form: /^(CVE-\d{4}-\d{4,})$/, address: (id) => `https://nvd.nist.gov/vuln/detail/${id}` },
  { form: /^CWE-(\d+)$/, address: (number) => `https://cwe.mitre.org/data/definitions/${number}.html` },
  {
    form: /^OpenID Connect Core \d+(?:\.\d+)*$/,
    address: () => 'https://openid.net/specs/openid-connect-core-1_0.html',
  },
  { form: /^openclaw#(\d+)$/, address: (number) => `https://github.com/openclaw/openclaw/issues/${number}` },
  { form: /^docs\/[a-z-]+\.md#[a-z0-9-]+$/, address: () => undefined },
]

/** Whether a reader can follow it: an RFC section, a section of OpenID Connect Core, an advisory, an issue of OpenClaw, a section of a page in `docs/`. */
export function isReference(text: string): boolean {
  return kinds.some(({ form }) => form.test(text))
}

/** The address that a reference leads to. An operator's own scenario may name a web address itself. */
export function referenceAddress(text: string): string | undefined {
  const written = text.replace(/^(RFC \d+) section /i, '$1 ')
  for (const { form, address } of kinds) {
    const found = form.exec(written)
    if (found !== null) return address(...found.slice(1))
  }
  return outsideLink(text)
}

/** An address that may be followed: `https`, `http` or nothing (evidence and references could hold `javascript:`). */
export function outsideLink(text: string): string | undefined {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') ? url.href : undefined
}
