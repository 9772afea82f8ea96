import { ReasonDialog } from '#frame'
import { useKeep } from './acts'
import type { KeepKind } from './keep'

interface KeepDialogProps {
  /** What is kept; nothing while the dialog is closed. */
  kept: { kind: KeepKind; name: string; words: string } | null
  onDone: () => void
}

/** Keeps evidence whatever its class says, until two people lift it. */
export function KeepDialog({ kept, onDone }: KeepDialogProps) {
  const keep = useKeep()
  const act = kept && {
    title: `Keep the evidence of ${kept.words}`,
    explains: 'Nothing of it is deleted, however old it becomes, until two people lift the keep.',
    verb: 'Keep it',
    isCut: true,
    run: (reason: string) => keep.mutateAsync({ kind: kept.kind, name: kept.name, reason }),
  }
  return <ReasonDialog act={act} onDone={onDone} />
}
