import { Button, Textarea } from '@mantine/core'
import { useState } from 'react'
import { api, bodyOf, Panel, useAct, useMay } from '#frame'
import { DialogForm, FormDialog } from '../../shared/FormDialog'
import { KeyRows } from '../../shared/KeyRows'
import { ReasonDialog, type PlannedAct } from '../../shared/ReasonDialog'
import type { PersonView } from '../../shared/people'

/** SSH keys of a person, and how one is added. */
export function KeysPanel({ person }: { person: PersonView }) {
  const may = useMay()
  const [isAdding, setAdding] = useState(false)
  const [withdrawing, setWithdrawing] = useState<PlannedAct | null>(null)
  const withdraw = useAct(['people'], (body: { fingerprint: string; reason: string }) =>
    bodyOf(api.POST('/api/people/{login}/keys/withdraw', { params: { path: { login: person.login } }, body })),
  )
  const plan = (fingerprint: string): void =>
    setWithdrawing({
      title: `Withdraw a key of ${person.name}`,
      explains: `${fingerprint} proves nobody any more, and visits that were begun with it end now.`,
      verb: 'Withdraw the key',
      isCut: true,
      run: (reason) => withdraw.mutateAsync({ fingerprint, reason }),
    })
  return (
    <Panel
      title="SSH keys"
      aside={
        may('manage-people') && (
          <Button variant="subtle" size="xs" onClick={() => setAdding(true)}>
            Add a key…
          </Button>
        )
      }
    >
      {person.keys.length > 0 ? <KeyRows keys={person.keys} onWithdraw={may('manage-people') ? plan : undefined} /> : <p className="dim">No key: they cannot connect by SSH.</p>}
      <FormDialog title={`Add a key of ${person.name}`} isOpen={isAdding} onDone={() => setAdding(false)}>
        <AddKey login={person.login} onDone={() => setAdding(false)} />
      </FormDialog>
      <ReasonDialog act={withdrawing} onDone={() => setWithdrawing(null)} />
    </Panel>
  )
}

function AddKey({ login, onDone }: { login: string; onDone: () => void }) {
  const [line, setLine] = useState('')
  const add = useAct(['people'], (ssh_key: string) =>
    bodyOf(api.POST('/api/people/{login}/keys', { params: { path: { login } }, body: { ssh_key } })),
  )
  return (
    <DialogForm verb="Add the key" canRun={line.trim() !== ''} run={() => add.mutateAsync(line.trim())} onDone={onDone}>
      <div className="dim">Make sure that it is theirs: call them, and compare the fingerprint.</div>
      <Textarea
        label="Public key"
        description="The one line of the .pub file."
        placeholder="ssh-ed25519 AAAA…"
        value={line}
        onChange={(event) => setLine(event.currentTarget.value)}
        autosize
        minRows={3}
        spellCheck={false}
        required
      />
    </DialogForm>
  )
}
