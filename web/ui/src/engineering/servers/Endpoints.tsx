import { Facts, type Fact, type Wire } from '#frame'
import type { EndpointView } from '../../shared/servers'
import classes from './Server.module.css'

/** How the gate reaches a server. */
export function Endpoints({ endpoints }: { endpoints: readonly EndpointView[] }) {
  return (
    <div className={classes.endpoints}>
      {endpoints.map((endpoint) => (
        <div key={`${endpoint.kind} ${endpoint.address}`}>
          <h3 className={classes.sub}>{headingOf(endpoint)}</h3>
          <Facts facts={factsOf(endpoint)} />
        </div>
      ))}
    </div>
  )
}

function headingOf(endpoint: EndpointView): string {
  if (endpoint.kind === 'ssh') return 'SSH'
  if (endpoint.kind === 'tls') return endpoint.http ? 'Web console' : 'TLS service'
  return `Tunnel ${endpoint.name}`
}

function factsOf(endpoint: EndpointView): Fact[] {
  const address: Fact = ['Address', <code key="address">{endpoint.address}</code>]
  switch (endpoint.kind) {
    case 'ssh':
      return [
        address,
        ...given('Or at', endpoint.also.join(', ')),
        ['Accounts', endpoint.accounts.map((name, place) => (place === 0 ? `${name} (default)` : name)).join(', ')],
        ['Host keys', prints(endpoint.host_keys)],
        ...(endpoint.authorities.length > 0 ? [['Authorities', prints(endpoint.authorities)] satisfies Fact] : []),
        ...given('Old algorithms', endpoint.legacy ? legacyOf(endpoint.legacy) : ''),
      ]
    case 'tls':
      return [address, ['Certificate', `must carry ${endpoint.server_name}`]]
    case 'tcp':
      return [address, ['Recorded', endpoint.opaque ? 'only how much passes, and when: not recorded on screen' : 'as bytes']]
  }
}

function prints(keys: readonly string[]) {
  if (keys.length === 0) return 'none: nobody is let through before one is approved'
  return keys.map((print) => (
    <code className={classes.print} key={print}>
      {print}
    </code>
  ))
}

function given(label: string, text: string): Fact[] {
  return text === '' ? [] : [[label, text]]
}

function legacyOf({ algorithms, until, reason }: Wire<'LegacyView'>): string {
  const end = new Date(until)
  const verb = end.getTime() <= Date.now() ? 'no longer since' : 'until'
  return `${algorithms.join(', ')}, ${verb} ${end.toLocaleDateString()}: ${reason}`
}
