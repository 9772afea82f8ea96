import { NativeSelect, PasswordInput, Textarea, TextInput } from '@mantine/core'
import type { Wire } from '#frame'
import classes from './Server.module.css'

interface CredentialFieldsProps {
  credential: Wire<'NewCredential'>
  onChange: (credential: Wire<'NewCredential'>) => void
}

/** Account, kind and secret. */
export function CredentialFields({ credential, onChange }: CredentialFieldsProps) {
  const set = (part: Partial<Wire<'NewCredential'>>): void => onChange({ ...credential, ...part })
  return (
    <>
      <div className={classes.pair}>
        <TextInput
          label="Account"
          placeholder="svc"
          autoComplete="off"
          value={credential.account}
          onChange={(event) => set({ account: event.currentTarget.value })}
        />
        <NativeSelect
          label="Kind"
          data={[
            { value: 'ssh-key', label: 'SSH private key' },
            { value: 'password', label: 'Password' },
            { value: 'user-ca', label: 'None: it trusts the gate’s user CA' },
          ]}
          value={credential.kind}
          onChange={(event) => set({ kind: kindOf(event.currentTarget.value), secret: '' })}
        />
      </div>
      {credential.kind === 'user-ca' && (
        <div className="dim">
          Its TrustedUserCAKeys must name a file with the line that <code>chaperone target user-ca</code> prints.
        </div>
      )}
      {credential.kind === 'password' && (
        <PasswordInput
          label="Password"
          autoComplete="off"
          value={credential.secret ?? ''}
          onChange={(event) => set({ secret: event.currentTarget.value })}
        />
      )}
      {credential.kind === 'ssh-key' && (
        <Textarea
          className={classes.mono}
          label="Private key"
          description="In OpenSSH’s form, without a passphrase."
          placeholder="-----BEGIN OPENSSH PRIVATE KEY-----"
          value={credential.secret ?? ''}
          onChange={(event) => set({ secret: event.currentTarget.value })}
          autosize
          minRows={4}
          maxRows={10}
          spellCheck={false}
        />
      )}
    </>
  )
}

function kindOf(value: string): Wire<'NewCredential'>['kind'] {
  return value === 'password' || value === 'user-ca' ? value : 'ssh-key'
}

/** Whether there is something to seal, or nothing is needed. */
export function hasSecret(credential: Wire<'NewCredential'>): boolean {
  return credential.kind === 'user-ca' || (credential.secret ?? '') !== ''
}
