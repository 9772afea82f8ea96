import { Facts } from '#frame'
import { Text } from '@mantine/core'
import type { Sample, Who as WhoContent } from './content'
import { Part } from './Part'
import classes from './Who.module.css'

const PROOFS: Record<string, string> = {
  publickey: 'SSH key',
  password: 'Password',
  certificate: 'SSH certificate',
  'keyboard-interactive': 'Password and code',
}

export function Who({ who, samples }: { who: WhoContent; samples: readonly Sample[] }) {
  return (
    <Part title="Who, and where from">
      <p className={classes.name}>
        {who.name ?? who.login ?? 'Nobody proved who they are'}
        {who.name && who.login && <span className={classes.login}> {who.login}</span>}
      </p>
      <Text size="sm">
        {who.isProven
          ? 'They proved who they are.'
          : 'Not proven: this is what the caller claimed, and may be anybody.'}
      </Text>
      <Facts
        facts={[
          ['Vendor', who.vendor],
          ['Proved by', who.proof && (PROOFS[who.proof] ?? who.proof)],
          ['Key', who.key && <code className={classes.code}>{who.key}</code>],
          ['Second factor', who.secondFactor ?? (who.isProven ? 'none' : null)],
          ['Address', who.address && <strong>{who.address}</strong>],
          ['Network', who.network],
          ['Client', who.client],
          ['Came in by', who.listener],
        ]}
      />
      {samples.length > 0 && <Samples samples={samples} />}
    </Part>
  )
}

function Samples({ samples }: { samples: readonly Sample[] }) {
  return (
    <details className={classes.samples}>
      <summary>A sample of who came</summary>
      <ul>
        {samples.map((sample, index) => (
          <li key={index}>
            {sample.login ?? 'nobody'} to {sample.target ?? 'the gate'} from {sample.address ?? 'unknown'}
          </li>
        ))}
      </ul>
    </details>
  )
}
