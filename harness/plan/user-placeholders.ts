/** What stands for a user of the run in `lines` and `labels` of a service: `{name:alice}`, `{htpasswd:bob}`. */
export const userPlaceholders = ['name', 'password', 'htpasswd', 'bcrypt'] as const
export type UserPlaceholder = (typeof userPlaceholders)[number]

/** Other braces are the configuration's own: `{http.auth.user.id}`, `{$HASH}`, `{SHA}`. */
export const userPlaceholder = new RegExp(`\\{(${userPlaceholders.join('|')}):(alice|bob)\\}`, 'g')
