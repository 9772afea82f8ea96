import { Facts } from '#frame'
import { Text } from '@mantine/core'
import type { What as WhatContent } from './content'
import { Part } from './Part'
import classes from './What.module.css'

export function What({ what }: { what: WhatContent }) {
  return (
    <Part title="What they wanted to reach">
      <p className={classes.name}>{what.name ?? 'No server: it concerns the gate'}</p>
      {what.name && !what.isKnown && <Text size="sm">There is no server of this name.</Text>}
      {what.isKnown && <Stakes what={what} />}
      <Facts
        facts={[
          ['Site', what.site],
          ['Group', what.group],
          ['Unit', what.unit],
          ['Protocol', what.protocol],
          ['Account', what.account],
          ['Access', what.access],
        ]}
      />
    </Part>
  )
}

/** Why it matters: what depends on the server. */
function Stakes({ what }: { what: WhatContent }) {
  const stakes = [
    what.pumps !== null && `${what.pumps} ${what.pumps === 1 ? 'pump' : 'pumps'}`,
    what.hasPatientData && 'patient data',
    what.isInClinicalUse && 'in clinical use now',
  ].filter((stake) => typeof stake === 'string')
  if (stakes.length === 0) return <Text size="sm">Nothing is noted that depends on it.</Text>
  return (
    <ul className={classes.stakes}>
      {stakes.map((stake) => (
        <li key={stake}>{stake}</li>
      ))}
    </ul>
  )
}
