import { Button, Group, Modal, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { api } from '../api/client'
import { ProblemPanel } from '../shared/ProblemPanel'

interface StepUpDialogProps {
  onProven: () => void
  onBack: () => void
}

/** Asks for a code of the authenticator. */
export function StepUpDialog({ onProven, onBack }: StepUpDialogProps) {
  return (
    <Modal opened onClose={onBack} title="Prove that it is you" size={400} zIndex={400}>
      <CodeForm onProven={onProven} onBack={onBack} />
    </Modal>
  )
}

function CodeForm({ onProven, onBack }: StepUpDialogProps) {
  const [code, setCode] = useState('')
  const [isAsking, setAsking] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)

  const prove = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setAsking(true)
    setProblem(null)
    try {
      await api.POST('/api/step-up', { body: { code: code.trim() } })
      onProven()
    } catch (error) {
      setProblem(error)
      setCode('')
      setAsking(false)
    }
  }

  return (
    <form onSubmit={(event) => void prove(event)}>
      <div className="explains">This act wants your second factor again. It goes on as soon as the code is right.</div>
      <TextInput
        label="Code"
        description="Six digits from your authenticator, or a recovery code."
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        autoComplete="one-time-code"
        inputMode="numeric"
        required
        data-autofocus
      />
      {problem !== null && <ProblemPanel error={problem} />}
      <Group justify="flex-end" mt="md" gap="xs">
        <Button variant="default" onClick={onBack}>
          Back
        </Button>
        <Button type="submit" loading={isAsking} disabled={code.trim() === ''}>
          Go on
        </Button>
      </Group>
    </form>
  )
}
