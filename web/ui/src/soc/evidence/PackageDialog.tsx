import { Button, Group, Textarea } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { CopyLine, ProblemPanel } from '#frame'
import { FormDialog } from '../../shared/FormDialog'
import { useFormRun } from '../../shared/useFormRun'
import { bytesWords } from '../player/timeline'
import { useMakePackage } from './acts'
import { aboutWords, packageName, verifyLine, type About } from './package'
import { useCheckpoint } from './queries'

interface PackageDialogProps {
  /** What it is about; nothing while that is still being chosen. */
  about: About | null
  isOpen: boolean
  onDone: () => void
  /** Fields that choose what it is about. */
  children?: ReactNode
}

/** Makes an evidence package, and says what is in it and how anybody checks it. */
export function PackageDialog({ isOpen, onDone, ...form }: PackageDialogProps) {
  return (
    <FormDialog title="Evidence package" isOpen={isOpen} onDone={onDone}>
      <PackageForm onDone={onDone} {...form} />
    </FormDialog>
  )
}

function PackageForm({ about, onDone, children }: Omit<PackageDialogProps, 'isOpen'>) {
  const make = useMakePackage()
  const [reason, setReason] = useState('')
  const [recipients, setRecipients] = useState('')
  const [bytes, setBytes] = useState(0)
  const form = useFormRun(async () => {
    setBytes(0)
    if (about) await make.mutateAsync({ about, reason, recipients, onBytes: setBytes })
  })
  if (make.data !== undefined && about) return <Made about={about} bytes={make.data} onDone={onDone} />
  return (
    <form className="stack" onSubmit={form.submit}>
      {children}
      <Contents about={about} />
      <Textarea
        label="Reason"
        description="Kept in the ledger, beside your name, and in the package."
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        required
        autosize
        maxLength={1000}
      />
      <Textarea
        label="Only for (age recipients)"
        description="One a line. Left empty, whoever has the file can look at the recordings in it."
        placeholder="age1…"
        value={recipients}
        onChange={(event) => setRecipients(event.currentTarget.value)}
        autosize
      />
      {form.problem !== null && <ProblemPanel error={form.problem} />}
      <Group justify="flex-end" gap="xs">
        {form.isRunning && bytes > 0 && (
          <span className="dim" role="status">
            {bytesWords(bytes)} so far
          </span>
        )}
        <Button variant="default" onClick={onDone}>
          Back
        </Button>
        <Button type="submit" loading={form.isRunning} disabled={about === null || reason.trim() === ''}>
          Make and download
        </Button>
      </Group>
    </form>
  )
}

function Contents({ about }: { about: About | null }) {
  return (
    <div className="dim">
      One .tar file about {about ? aboutWords(about) : 'one thing'}: the sealed recordings, the ledger’s facts with their
      proofs, the signed checkpoint, and what was planned. Whoever gets it can check it without network and without trust in
      this gate. Typed input in it stays sealed.
    </div>
  )
}

function Made({ about, bytes, onDone }: { about: About; bytes: number; onDone: () => void }) {
  const file = packageName(about)
  return (
    <div className="stack">
      <div role="status">
        <strong>The package is in your downloads</strong>: {file}, {bytesWords(bytes)}.
      </div>
      <HowToCheck file={file} />
      <Group justify="flex-end">
        <Button onClick={onDone}>Done</Button>
      </Group>
    </div>
  )
}

/** The line that checks a package, with the ledger's public key. */
export function HowToCheck({ file }: { file: string }) {
  const checkpoint = useCheckpoint()
  const key = checkpoint.data?.verifier_key
  return (
    <div className="stack-small">
      <p className="dim">
        Whoever receives it checks it with this line. It ends with 0 only when everything holds. Give them the ledger’s public
        key by another way than the file.
      </p>
      {key && <CopyLine text={verifyLine(file, key)} label="the line that checks it" />}
      {key && <CopyLine text={key} label="the ledger’s public key" />}
      {checkpoint.error && <ProblemPanel error={checkpoint.error} onRetry={() => void checkpoint.refetch()} />}
    </div>
  )
}
