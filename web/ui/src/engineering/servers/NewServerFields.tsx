import { Checkbox, Textarea, TextInput } from '@mantine/core'
import { CredentialFields } from './CredentialFields'
import type { NewServer, ServerFaults } from './new-server'
import classes from './Server.module.css'

interface FieldsProps {
  server: NewServer
  onChange: (server: NewServer) => void
  faults: ServerFaults
}

/** Its name, and by which ways it is reached. */
export function ReachFields({ server, onChange, faults }: FieldsProps) {
  const set = (part: Partial<NewServer>): void => onChange({ ...server, ...part })
  return (
    <fieldset className={classes.part}>
      <legend>The server</legend>
      <TextInput
        label="Name"
        description="What technicians call it at the gate."
        placeholder="alaris-sm-01"
        value={server.name}
        error={faults.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <Checkbox
        label="It is reached by SSH"
        checked={server.hasSsh}
        onChange={(event) => set({ hasSsh: event.currentTarget.checked })}
      />
      <Checkbox
        label="It has a web console, or a service of the vendor’s own in TLS"
        checked={server.hasTls}
        onChange={(event) => set({ hasTls: event.currentTarget.checked })}
      />
      {faults.reach && <p className="fault">{faults.reach}</p>}
    </fieldset>
  )
}

/** A web console or TLS service: where it is, and how the gate knows it. */
export function TlsFields({ server, onChange, faults }: FieldsProps) {
  const set = (part: Partial<NewServer>): void => onChange({ ...server, ...part })
  return (
    <fieldset className={classes.part}>
      <legend>Web console or TLS service</legend>
      <div className={classes.pair}>
        <TextInput
          label="TLS address"
          description="As the gate reaches it."
          placeholder="10.1.2.3:443"
          value={server.tlsAddress}
          error={faults.tlsAddress}
          onChange={(event) => set({ tlsAddress: event.currentTarget.value })}
        />
        <TextInput
          label="Server name"
          description="The name that its certificate carries."
          placeholder="console.east.example"
          spellCheck={false}
          value={server.serverName}
          error={faults.serverName}
          onChange={(event) => set({ serverName: event.currentTarget.value })}
        />
      </div>
      <Textarea
        className={classes.mono}
        label="Certificates to trust"
        description="In PEM: the authority that signed its certificate, or the certificate itself. The gate trusts nothing else for it."
        placeholder="-----BEGIN CERTIFICATE-----"
        value={server.trustPem}
        error={faults.trustPem}
        onChange={(event) => set({ trustPem: event.currentTarget.value })}
        autosize
        minRows={3}
        maxRows={10}
        spellCheck={false}
      />
      <Checkbox
        label="It is a web console"
        description="Opened in a browser: each request and answer is recorded as such. Otherwise every byte of the vendor’s own program is."
        checked={server.isConsole}
        onChange={(event) => set({ isConsole: event.currentTarget.checked })}
      />
    </fieldset>
  )
}

/** Address, host keys and the gate's credential. */
export function SshFields({ server, onChange, faults }: FieldsProps) {
  const set = (part: Partial<NewServer>): void => onChange({ ...server, ...part })
  return (
    <fieldset className={classes.part}>
      <legend>SSH</legend>
      <div className={classes.pair}>
        <TextInput
          label="SSH address"
          description="As the gate reaches it."
          placeholder="10.1.2.3:22"
          value={server.address}
          error={faults.address}
          onChange={(event) => set({ address: event.currentTarget.value })}
        />
      </div>
      <Textarea
        className={classes.mono}
        label="Host keys"
        description="One OpenSSH public key a line, taken from the server itself."
        placeholder="ssh-ed25519 AAAA…"
        value={server.hostKeys}
        error={faults.hostKeys}
        onChange={(event) => set({ hostKeys: event.currentTarget.value })}
        autosize
        minRows={2}
      />
      <CredentialFields credential={server.credential} onChange={(credential) => set({ credential })} />
      {faults.credential && <p className="fault">{faults.credential}</p>}
    </fieldset>
  )
}

/** What people want to know at a glance, and what the gate demands. */
export function CardFields({ server, onChange, faults }: FieldsProps) {
  const set = (part: Partial<NewServer>): void => onChange({ ...server, ...part })
  return (
    <fieldset className={classes.part}>
      <legend>What it serves</legend>
      <div className={classes.pair}>
        <TextInput label="Site" placeholder="East" value={server.site} onChange={(event) => set({ site: event.currentTarget.value })} />
        <TextInput label="Group" placeholder="infusion" value={server.group} onChange={(event) => set({ group: event.currentTarget.value })} />
        <TextInput label="Unit" placeholder="ICU, ED" value={server.unit} onChange={(event) => set({ unit: event.currentTarget.value })} />
        <TextInput
          label="Pumps"
          inputMode="numeric"
          value={server.pumps}
          error={faults.pumps}
          onChange={(event) => set({ pumps: event.currentTarget.value })}
        />
      </div>
      <Checkbox
        label="Holds patient data"
        checked={server.hasPatientData}
        onChange={(event) => set({ hasPatientData: event.currentTarget.checked })}
      />
      <Checkbox
        label="Therapy depends on it"
        checked={server.isInClinicalUse}
        onChange={(event) => set({ isInClinicalUse: event.currentTarget.checked })}
      />
      <Checkbox
        label="An observer must be present while somebody types"
        checked={server.needsObserver}
        onChange={(event) => set({ needsObserver: event.currentTarget.checked })}
      />
      <Checkbox
        label="Files come only by way of the gate, which scans them"
        description="The gate takes what technicians send by sftp and scp, or ahead of the visit, and writes what is clean."
        checked={server.isStaged}
        onChange={(event) => set({ isStaged: event.currentTarget.checked })}
      />
      <Checkbox
        label="Every byte is on disk before it goes on"
        description="Slower; for servers where the last second counts."
        checked={server.isDurable}
        onChange={(event) => set({ isDurable: event.currentTarget.checked })}
      />
    </fieldset>
  )
}
