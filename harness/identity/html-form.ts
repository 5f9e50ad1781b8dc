/** The forms of a page, as far as a log-in needs them: where each posts to, and what a browser would send without a script. */
import { Parser } from 'htmlparser2'

export type HtmlForm = {
  /** As written; empty: the page's own address. */
  readonly action: string
  readonly method: 'get' | 'post'
  /** Names of all fields that a person fills in. */
  readonly fields: readonly string[]
  /** What is sent back as it is: hidden fields, preset values, the button that has a name. */
  readonly preset: readonly (readonly [name: string, value: string])[]
}

type OpenForm = Pick<HtmlForm, 'action' | 'method'> & { fields: string[]; preset: [string, string][] }

/** Characters. A log-in page is shorter; the rest of a larger one is not read: one made of open tags alone costs the square of its length. */
const longestPage = 200_000

/** In the order of the page. Comments, scripts and templates hold none; a page that forgets the end of its form has one nevertheless. */
export function formsIn(page: string): HtmlForm[] {
  const forms: OpenForm[] = []
  let open: OpenForm | undefined
  let templates = 0
  const parser = new Parser({
    onopentag(name, { action = '', method, ...attributes }) {
      if (name === 'template') templates += 1
      if (templates > 0) return
      if (name === 'form') {
        open = {
          action: action.trim(),
          method: method?.toLowerCase() === 'post' ? 'post' : 'get',
          fields: [],
          preset: [],
        }
        forms.push(open)
      } else if (open !== undefined) addField(open, name, attributes)
    },
    onclosetag(name) {
      if (name === 'template') templates -= 1
      else if (name === 'form' && templates === 0) open = undefined
    },
  })
  parser.end(page.slice(0, longestPage))
  return forms
}

const typed = new Set(['text', 'email', 'password', 'tel', 'url', 'search', 'number', ''])

function addField(
  { fields, preset }: OpenForm,
  tag: string,
  { name, type: written = '', value = '', ...attributes }: Readonly<Record<string, string>>,
): void {
  if (name === undefined || name === '' || 'disabled' in attributes) return
  const type = written.toLowerCase()
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
      else if ((type === 'checkbox' || type === 'radio') && 'checked' in attributes) preset.push([name, value || 'on'])
  }
}
