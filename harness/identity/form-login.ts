/** Log-in by an HTML form: finds it as a browser does, sends its hidden fields back, posts it where it says, and follows from there. */
import { performance } from 'node:perf_hooks'
import type { Credentials } from '../plan/credentials.ts'
import { follow, inWords, placeOf } from './follow.ts'
import { formsIn, type HtmlForm } from './html-form.ts'
import { type LogIn, sessionOf } from './login.ts'
import type { Hop } from './login-chain.ts'
import { Visitor, type VisitorSettings } from './visitor.ts'

export type FormSettings = Pick<VisitorSettings, 'dial' | 'ca'> & {
  /** The app's page. */
  readonly app: string
  /** Path or address of the page with the form. Default: where the app's page leads. */
  readonly page?: string
  /** Names of the fields. */
  readonly fields: { readonly user: string; readonly password: string }
  readonly name: string
  readonly password: string
  /** Cookies that the browser has already, `NAME=VALUE; …`, for the app's host. */
  readonly brings?: string
  /** For one answer, default 10 000. */
  readonly deadlineMs?: number
}

/** A log-in in two steps has one form for the name and one for the password; a third is a refusal. */
const mostForms = 4

/**
 * Signs in. Succeeds when the form was sent and the app's page, visited once more, neither shows it nor leads elsewhere.
 * Never rejects for what proxy and network do.
 */
export async function logInByForm(settings: FormSettings): Promise<LogIn> {
  const { page, fields, deadlineMs = 10_000 } = settings
  const since = performance.now()
  const app = new URL(settings.app)
  await using visitor = new Visitor({ ...settings, user: '', provider: '', deadlineMs })
  visitor.bring(settings.brings, app)
  const chain: Hop[] = []
  const ended = (reason: string | undefined): LogIn => {
    const found = { cookies: sessionOf(visitor, app), chain, ms: performance.now() - since }
    const rest = chain.at(-1)
    return reason === undefined && rest !== undefined
      ? { ok: true, rest, ...found }
      : { ok: false, reason: reason ?? 'nothing was visited', ...found }
  }
  let shown = await follow(page === undefined ? app : new URL(page, app), visitor)
  chain.push(...shown.way)
  const filled = new Set<string>()
  for (let sent = 0; sent < mostForms; sent += 1) {
    if (shown.reason !== undefined) return ended(shown.reason)
    const at = shown.way.at(-1)
    if (at === undefined) return ended('nothing was visited')
    const form = formWith(shown.page, fields)
    if (form === undefined) {
      if (sent === 0)
        return ended(`${inWords(at)} without a form that has the field ${fields.user}${otherForms(shown.page)}`)
      break
    }
    const asked = [fields.user, fields.password].filter((name) => form.fields.includes(name))
    const again = asked.find((name) => filled.has(name))
    if (again !== undefined) return ended(`${inWords(at)} and asks for ${again} again`)
    for (const name of asked) filled.add(name)
    const target = URL.parse(form.action, at.url)
    if (target === null || !/^https?:$/.test(target.protocol))
      return ended(`the form at ${placeOf(at)} is sent nowhere`)
    shown = await sendForm(form, settings, new URL(target), new URL(at.url), visitor)
    chain.push(...shown.way)
  }
  if (!filled.has(fields.password)) return ended(`no page asked for ${fields.password}`)
  const again = await follow(new URL('/', app), visitor)
  const why = again.reason ?? whyNotInside(again.way, formWith(again.page, fields), app, page)
  // Where it fails, the second visit is what shows it.
  if (why !== undefined) chain.push(...again.way)
  return ended(why)
}

/** The first form that has one of the fields. */
function formWith(page: string, { user, password }: FormSettings['fields']): HtmlForm | undefined {
  return formsIn(page).find(({ fields }) => fields.includes(user) || fields.includes(password))
}

function otherForms(page: string): string {
  const names = formsIn(page).flatMap(({ fields }) => fields)
  return names.length === 0 ? '' : ` (its fields are ${[...new Set(names)].slice(0, 8).join(', ')})`
}

function sendForm(form: HtmlForm, { fields, name, password }: FormSettings, target: URL, from: URL, visitor: Visitor) {
  const values = new URLSearchParams()
  for (const [key, value] of form.preset) values.append(key, value)
  for (const [field, value] of [
    [fields.user, name],
    [fields.password, password],
  ] as const)
    if (form.fields.includes(field)) values.set(field, value)
  if (form.method === 'post') return follow(target, visitor, { fields: values, from })
  const asked = new URL(target)
  asked.search = values.toString()
  return follow(asked, visitor)
}

/** `undefined` where the app's page is the app's. */
function whyNotInside(
  way: readonly Hop[],
  form: HtmlForm | undefined,
  app: URL,
  page: string | undefined,
): string | undefined {
  const rest = way.at(-1)
  if (rest === undefined) return 'nothing was visited'
  const at = new URL(rest.url)
  const isLogIn =
    page !== undefined && new URL(page, app).pathname === at.pathname && new URL(page, app).pathname !== '/'
  if (form !== undefined || isLogIn || at.host !== app.host)
    return `${app.host}/ still leads to the log-in: ${inWords(rest)}`
  if (rest.status === 401 || rest.status >= 500) return `after the log-in ${inWords(rest)}`
  return undefined
}

/** The credentials of a session that a log-in left. */
export function sessionCredentials({ cookies }: LogIn, app: string): Credentials {
  return { cookie: cookies.header(app) }
}
