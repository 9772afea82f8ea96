import { Button, Menu } from '@mantine/core'
import { useState } from 'react'
import { ReasonDialog, useMay, type PlannedAct } from '#frame'
import { EXPORTS, useExport } from '../acts'
import { isLive } from '../visit/visit'
import type { SessionView } from '../wire'

/** A copy of the recording to take away. That somebody took one, and why, is a fact in the ledger. */
export function ExportMenu({ visit }: { visit: SessionView }) {
  const may = useMay()
  const take = useExport(visit.id)
  const [planned, setPlanned] = useState<PlannedAct | null>(null)
  if (!may('export-evidence') || isLive(visit) || visit.state === 'never-started') return null
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" loading={take.isPending}>
            Export
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {EXPORTS.map((each) => (
            <Menu.Item
              key={each.format}
              onClick={() =>
                setPlanned({
                  title: 'Export this recording',
                  explains: each.words,
                  verb: 'Export',
                  isCut: true,
                  run: (reason) => take.mutateAsync({ ...each, reason }),
                })
              }
            >
              {each.words}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <ReasonDialog act={planned} onDone={() => setPlanned(null)} />
    </>
  )
}
