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
  const forms: HtmlForm[] = []
  let open: { action: string; method: 'get' | 'post'; fields: string[]; preset: [string, string][] } | undefined
  for (const { name, end, attributes } of tagsOf(page.slice(0, longestPage))) {
    if (name === 'form') {
      if (open !== undefined) forms.push(open)
      const found = attributesOf(attributes)
      const method = found.get('method')?.toLowerCase() === 'post' ? 'post' : 'get'
      open = end ? undefined : { action: found.get('action')?.trim() ?? '', method, fields: [], preset: [] }
    } else if (open !== undefined && !end) addField(open, name, attributesOf(attributes))
  }
  // A page that forgets the end of its form has one nevertheless.
  return open === undefined ? forms : [...forms, open]
}

/** Characters. A log-in page is shorter; the rest of a larger one is not read. */
const longestPage = 500_000

type Tag = { readonly name: string; readonly end: boolean; readonly attributes: string }

/** What stands between these and their end is text, or is not shown. */
const opaque = new Set(['script', 'style', 'template', 'textarea', 'title'])

/** Walks the page once, whatever is in it: a page is written by whoever is tested. */
function* tagsOf(page: string): Generator<Tag> {
  const lower = page.toLowerCase()
  let at = 0
  for (;;) {
    at = page.indexOf('<', at)
    if (at === -1) return
    if (page.startsWith('<!--', at)) {
      const close = page.indexOf('-->', at + 4)
      if (close === -1) return
      at = close + 3
      continue
    }
    const end = page[at + 1] === '/'
    const start = at + (end ? 2 : 1)
    const name = /^[a-z][a-z0-9]*/.exec(lower.slice(start, start + 20))?.[0]
    if (name === undefined) {
      at += 1
      continue
    }
    const close = closeOf(page, start + name.length)
    if (close === -1) return
    yield { name, end, attributes: page.slice(start + name.length, close) }
    at = close + 1
    if (end || !opaque.has(name)) continue
    const over = lower.indexOf(`</${name}`, at)
    if (over === -1) return
    at = over
  }
}

/** Where a tag ends: at the first `>` outside quotation marks that follow a `=`. */
function closeOf(page: string, from: number): number {
  let at = from
  let quote: string | undefined
  for (; at < page.length; at += 1) {
    const character = page[at]
    if (quote !== undefined) quote = character === quote ? undefined : quote
    else if (character === '>') return at
    else if ((character === '"' || character === "'") && /=\s*$/.test(page.slice(Math.max(from, at - 8), at)))
      quote = character
  }
  return -1
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
