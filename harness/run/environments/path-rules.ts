/** The paths that configuration files name, in the words of each product: nginx, Traefik, Caddy, Pomerium, Envoy, HAProxy, Apache, oauth2-proxy, Authelia, labels. */

export type PathRule = {
  /** As the configuration has it. */
  readonly written: string
  /** `glob`: `*` stands for any text, and everything else for itself. */
  readonly kind: 'exact' | 'prefix' | 'glob' | 'pattern'
}

type Reading = {
  readonly at: RegExp
  /** What the words behind the keyword mean. */
  readonly rules: (words: string, sign: string) => readonly PathRule[]
}

const all =
  (kind: PathRule['kind'], words: RegExp = /[^\s,"'`]+/g) =>
  (text: string): PathRule[] =>
    [...text.matchAll(words)].map(([written]) => ({ written, kind }))
const backquoted = /(?<=[`"])[^`"]+(?=[`"])/g
const one =
  (kind: PathRule['kind']) =>
  (written: string): PathRule[] => [{ written: written.trim(), kind }]

/** `(?:-i -m beg)` and their like of HAProxy: how it compares. */
const comparisons: Readonly<Record<string, PathRule['kind']>> = { beg: 'prefix', dir: 'prefix', reg: 'pattern' }

const readings: readonly Reading[] = [
  {
    // nginx: `location = /x {`, `location ^~ /x/ {`, `location ~* "\.php$" {`
    at: /\blocation\s+(?<sign>=|\^~|~\*|~)?\s*(?<words>"[^"\n]+"|'[^'\n]+'|[^\s@"'}][^\s{]*(?:\{\d[^\s{]*)?)\s*\{/g,
    rules: (words, sign) => {
      const written = words.replaceAll(/^["']|["']$/g, '')
      if (sign.startsWith('~')) return [{ written, kind: 'pattern' }]
      return [{ written, kind: sign === '=' ? 'exact' : 'prefix' }]
    },
  },
  { at: /\bPath\((?<words>[^)]+)\)/g, rules: all('exact', backquoted) },
  { at: /\bPathPrefix\((?<words>[^)]+)\)/g, rules: all('prefix', backquoted) },
  { at: /\bPathRegexp\(\s*`(?<words>[^`]+)`/g, rules: one('pattern') },
  {
    // Caddy: a matcher behind a directive, and matchers with a name.
    at: /^[ \t]*(?:handle|handle_path|route|respond|redir|rewrite|reverse_proxy|forward_auth|authorize|authenticate|basic_auth|basicauth|php_fastcgi|file_server)[ \t]+(?<words>\/\S*)/gm,
    rules: all('glob'),
  },
  { at: /^[ \t]*(?:@[\w-]+[ \t]+)?(?:not[ \t]+)?path[ \t]+(?<words>[/*][^{}\n]*)/gm, rules: all('glob') },
  { at: /\bpath_regexp[ \t]+(?:\w+[ \t]+)?(?<words>[^\s{]*[/^][^\s]*)/g, rules: one('pattern') },
  {
    at: /\bvars_regexp[ \t]+(?:\w+[ \t]+)?\{http\.request\.(?:orig_)?uri(?:\.path)?\}[ \t]+(?<words>\S+)/g,
    rules: one('pattern'),
  },
  // Envoy, Pomerium, ingress rules, Caddy's JSON. A file of the machine is no path of a request.
  {
    at: /(?:^|[\s{,["'])["']?(?:prefix|path_separated_prefix)["']?:\s*["']?(?<words>\/[^\s"',}\]]+)/g,
    rules: one('prefix'),
  },
  {
    at: /(?:^|[\s{,["'])["']?path["']?:\s*\[?["']?(?<words>\/(?!(?:etc|dev|var|run|usr|tmp|proc)\/)[^\s"',}\]]+)/g,
    // Some products mean the path alone, others everything below it too.
    rules: (written) =>
      (written.includes('*') ? (['glob'] as const) : (['exact', 'prefix'] as const)).map((kind) => ({ written, kind })),
  },
  {
    at: /(?:^|[\s{,["'])["']?regex["']?:\s*(?:"(?<words>[^"\n]+)"|'(?<single>[^'\n]+)'|(?<plain>[^\s"'][^\s,}]*))/g,
    // An address of a user is no path.
    rules: (written) => (written.includes('@') ? [] : one('pattern')(written)),
  },
  {
    // HAProxy: `path_beg /x /y`, `path -i -m reg ^/x`
    at: /\bpath(?:,\w+)*(?:_(?<sign>beg|dir|reg))?(?<words>(?:[ \t]+-[a-z]+(?:[ \t]+(?:beg|dir|reg|str))?)*(?:[ \t]+[/^][^\s{}]*)+)(?=[ \t]*(?:[}\n]|$|if\b|unless\b|or\b|\|\|))/g,
    rules: (words, sign) => {
      const how = sign || /-m\s+(beg|dir|reg)/.exec(words)?.[1]
      return words
        .split(/\s+/)
        .filter((word) => /^[/^]/.test(word))
        .map((written) => ({ written, kind: comparisons[how ?? ''] ?? (written.includes('*') ? 'glob' : 'exact') }))
    },
  },
  // Apache
  { at: /<Location\s+(?!~)["']?(?<words>\/[^\s"'>]+)/gi, rules: one('prefix') },
  { at: /<Location(?:Match|\s+~)\s+["']?(?<words>[^\s"'>]+)/gi, rules: one('pattern') },
  { at: /\bProxyPass\s+["']?(?<words>\/[^\s"']+)/gi, rules: one('prefix') },
  { at: /\b(?:ProxyPassMatch|RewriteRule)\s+["']?(?<words>\^?\/[^\s"']+)/gi, rules: one('pattern') },
  // oauth2-proxy (`METHOD=^/x$`), Authelia's `resources`; a method with `!=` exempts everything else and is not read.
  { at: /["'=](?:[A-Z]+=)?(?<words>\^\\?\/[^"'\n,]+(?:\{\d+,\d*\}[^"'\n,]*)?)(?=["',\n]|$)/gm, rules: one('pattern') },
  { at: /^[ \t]*-[ \t]+(?<words>\^\/\S+)/gm, rules: one('pattern') },
]

/** @returns each once, in the order of the products */
export function pathRules(text: string): PathRule[] {
  const uncommented = text.replaceAll(/(^|\s)#.*$/gm, '')
  const found = readings.flatMap(({ at, rules }) =>
    [...uncommented.matchAll(at)].flatMap(({ groups = {} }) =>
      rules(groups.words ?? groups.single ?? groups.plain ?? '', groups.sign ?? ''),
    ),
  )
  const named = found.filter(({ written }) => !/^[/^*$.]*$/.test(written))
  return [...new Map(named.map((rule) => [`${rule.kind} ${rule.written}`, rule])).values()]
}
