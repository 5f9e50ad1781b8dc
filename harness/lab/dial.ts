/** A byte stream to `host:port` as seen from one vantage point. */
export type Dial = (host: string, port: number) => Promise<import('node:stream').Duplex>
