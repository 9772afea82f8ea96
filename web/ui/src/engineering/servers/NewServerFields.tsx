import { Checkbox, Textarea, TextInput } from '@mantine/core'
import { CredentialFields } from './CredentialFields'
import type { NewServer, ServerFaults } from './new-server'
import classes from './Server.module.css'

interface FieldsProps {
  server: NewServer
  onChange: (server: NewServer) => void
  faults: ServerFaults
}

/** Name, address, host keys and the gate's credential. */
export function SshFields({ server, onChange, faults }: FieldsProps) {
  const set = (part: Partial<NewServer>): void => onChange({ ...server, ...part })
  return (
    <fieldset className={classes.part}>
      <legend>How it is reached</legend>
      <div className={classes.pair}>
        <TextInput
          label="Name"
          description="What technicians call it at the gate."
          placeholder="alaris-sm-01"
          value={server.name}
          error={faults.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
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
        label="Every byte is on disk before it goes on"
        description="Slower; for servers where the last second counts."
        checked={server.isDurable}
        onChange={(event) => set({ isDurable: event.currentTarget.checked })}
      />
    </fieldset>
  )
}
