/** The forms of a page, as far as a log-in needs them: where each posts to, and what a browser would send without a script. */

export type HtmlForm = {
  /** As written; empty: the page's own address. */
  readonly action: string
  readonly method: 'get' | 'post'
  /** Names of all fields that a person fills in. */
  readonly fields: readonly string[]
  /** What is sent back as it is: hidden fields, preset values, the button that has a name. */
  readonly preset: readonly (readonly [name: string, value: string])[]
}

/** In the order of the page. Comments, scripts and templates hold none. */
export function formsIn(page: string): HtmlForm[] {
  const visible = page.replaceAll(
    /<!--[\s\S]*?(?:-->|$)|<(script|style|template|textarea)\b[\s\S]*?<\/\1\s*>/gi,
    (all, name) => (/^textarea$/i.test(name ?? '') ? (all.match(/^<[^>]*>/)?.[0] ?? '') : ''),
  )
  const forms: HtmlForm[] = []
  let open: { action: string; method: 'get' | 'post'; fields: string[]; preset: [string, string][] } | undefined
  for (const [, end, name = '', rest = ''] of visible.matchAll(/<(\/?)([a-z]+)((?:[^>"']|"[^"]*"|'[^']*')*)>/gi)) {
    const tag = name.toLowerCase()
    if (tag === 'form') {
      if (open !== undefined) forms.push(open)
      const attributes = attributesOf(rest)
      const method = attributes.get('method')?.toLowerCase() === 'post' ? 'post' : 'get'
      open =
        end === '/' ? undefined : { action: attributes.get('action')?.trim() ?? '', method, fields: [], preset: [] }
    } else if (open !== undefined && end === '') addField(open, tag, attributesOf(rest))
  }
  // A page that forgets the end of its form has one nevertheless.
  return open === undefined ? forms : [...forms, open]
}

const typed = new Set(['text', 'email', 'password', 'tel', 'url', 'search', 'number', ''])

function addField(
  { fields, preset }: { fields: string[]; preset: [string, string][] },
  tag: string,
  attributes: ReadonlyMap<string, string>,
): void {
  const name = attributes.get('name')
  if (name === undefined || name === '' || attributes.has('disabled')) return
  const type = attributes.get('type')?.toLowerCase() ?? ''
  const value = attributes.get('value') ?? ''
  switch (tag) {
    case 'textarea':
      fields.push(name)
      return
    case 'button':
      if (type !== 'button' && type !== 'reset' && !preset.some(([known]) => known === name)) preset.push([name, value])
      return
    case 'input':
      if (typed.has(type)) {
        fields.push(name)
        if (value !== '') preset.push([name, value])
      } else if (type === 'hidden') preset.push([name, value])
      else if (type === 'submit' && !preset.some(([known]) => known === name)) preset.push([name, value])
      else if ((type === 'checkbox' || type === 'radio') && attributes.has('checked'))
        preset.push([name, value || 'on'])
  }
}

function attributesOf(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, name = '', double, single, plain] of text.matchAll(
    /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g,
  )) {
    const key = name.toLowerCase()
    if (!found.has(key)) found.set(key, decoded(double ?? single ?? plain ?? ''))
  }
  return found
}

const entities: Readonly<Record<string, string>> = { amp: '&', quot: '"', apos: "'", lt: '<', gt: '>', nbsp: '\u00a0' }

function decoded(text: string): string {
  return text.replaceAll(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi,
    (all, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return entities[name.toLowerCase()] ?? all
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all
    },
  )
}
