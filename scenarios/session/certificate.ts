/** A certificate that names alice and was issued by somebody else. */
import { belongsTo, type Finding, type Stage } from '../../harness/stage.ts'
import { namesIn } from '../identity/arrived-as.ts'

export async function anotherAuthority(stage: Stage): Promise<readonly Finding[]> {
  const { mark, exchange } = await stage.send({}, { as: 'anonymous', certificate: 'foreign' })
  const arrived = (await stage.arrived()).filter((arrival) => belongsTo(arrival, mark))
  if (arrived.length > 0)
    return [
      {
        met: false,
        says: `with a certificate that another authority had issued, a request arrived as ${namesIn(arrived, stage)}`,
      },
    ]
  const answer = exchange.response === undefined ? 'the connection ended' : `the client got ${exchange.response.status}`
  return [{ met: true, says: `a request with a certificate of another authority did not arrive (${answer})` }]
}
