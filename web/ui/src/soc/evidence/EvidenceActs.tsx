import { Button, Group } from '@mantine/core'
import { useState } from 'react'
import { useMay } from '#frame'
import { KeepDialog } from './KeepDialog'
import type { About } from './package'
import { PackageDialog } from './PackageDialog'

interface EvidenceActsProps {
  about: { kind: 'session' | 'window'; id: string } & About
  /** What it is, for the heading: `the visit of dana`. */
  words: string
}

/** Take its evidence away as a package, or keep it whatever its age. */
export function EvidenceActs({ about, words }: EvidenceActsProps) {
  const may = useMay()
  const [dialog, setDialog] = useState<'keep' | 'package' | null>(null)
  const close = (): void => setDialog(null)
  return (
    <Group gap="xs">
      {may('lift-hold') && (
        <Button variant="default" onClick={() => setDialog('keep')}>
          Keep…
        </Button>
      )}
      {may('export-evidence') && (
        <Button variant="default" onClick={() => setDialog('package')}>
          Make evidence package…
        </Button>
      )}
      <KeepDialog kept={dialog === 'keep' ? { kind: about.kind, name: about.id, words } : null} onDone={close} />
      <PackageDialog about={about} isOpen={dialog === 'package'} onDone={close} />
    </Group>
  )
}
