/** Where everybody lives in an embedded environment: the same last octets as in the container labs. */
export type EmbeddedAddresses = {
  readonly proxy: string
  readonly auth: string
  readonly idp: string
  readonly gateway: string
  /** Vantage points. */
  readonly internet: string
  readonly lan: string
}

/** The same last octets in two networks of one's own choice. @param base first three octets. @param internet of the clients on the internet */
export function embeddedAddressesIn(base: string, internet: string): EmbeddedAddresses {
  const at = (last: number) => `${base}.${last}`
  return { proxy: at(2), auth: at(3), idp: at(4), gateway: at(5), internet: `${internet}.10`, lan: at(11) }
}

export const loopback = '127.0.0.1'

/** Made-up addresses in `10.<second>.<third>.0/24`; nothing of them exists outside the process. */
export function embeddedAddresses(second = 213, third = 7): EmbeddedAddresses {
  const at = (last: number) => `10.${second}.${third}.${last}`
  return { proxy: at(2), auth: at(3), idp: at(4), gateway: at(5), internet: at(10), lan: at(11) }
}
