import { Facts, type Fact } from '#frame'
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
        ['Accounts', endpoint.accounts.map((name, place) => (place === 0 ? `${name} (default)` : name)).join(', ')],
        ['Host keys', endpoint.host_keys.map((print) => <code className={classes.print} key={print}>{print}</code>)],
      ]
    case 'tls':
      return [address, ['Certificate', `must carry ${endpoint.server_name}`]]
    case 'tcp':
      return [address, ['Recorded', endpoint.opaque ? 'only how much passes, and when: not recorded on screen' : 'as bytes']]
  }
}
