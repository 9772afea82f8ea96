import { useState } from 'react'
import { api, bodyOf, useAct, type Wire } from '#frame'
import { DialogForm, FormDialog } from '../../shared/FormDialog'
import type { TargetView } from '../../shared/servers'
import { CredentialFields, hasSecret } from './CredentialFields'

interface CredentialDialogProps {
  target: TargetView
  isOpen: boolean
  onDone: () => void
}

/** Sets the gate's credential for one account. */
export function CredentialDialog({ target, isOpen, onDone }: CredentialDialogProps) {
  return (
    <FormDialog title={`Set a credential for ${target.name}`} isOpen={isOpen} onDone={onDone}>
      <CredentialForm target={target} onDone={onDone} />
    </FormDialog>
  )
}

function CredentialForm({ target, onDone }: Omit<CredentialDialogProps, 'isOpen'>) {
  const ssh = target.endpoints.find((endpoint) => endpoint.kind === 'ssh')
  const [credential, setCredential] = useState<Wire<'NewCredential'>>({
    account: ssh?.accounts[0] ?? '',
    kind: 'ssh-key',
    secret: '',
  })
  const set = useAct<Wire<'NewCredential'>, TargetView>(['targets'], (body) =>
    bodyOf(api.PUT('/api/targets/{target}/credentials', { params: { path: { target: target.name } }, body })),
  )
  return (
    <DialogForm
      verb="Seal it"
      canRun={credential.account.trim() !== '' && hasSecret(credential)}
      run={() => set.mutateAsync(credential)}
      onDone={onDone}
    >
      <div className="dim">It is sealed at once, and no page ever shows it again. Technicians never see it.</div>
      <CredentialFields credential={credential} onChange={setCredential} />
    </DialogForm>
  )
}
