import { Button, Menu } from '@mantine/core'
import { ProblemPanel, useMay } from '#frame'
import { EXPORTS, useExport } from '../acts'
import { isLive } from '../visit/visit'
import type { SessionView } from '../wire'

/** A copy of the recording to take away. That somebody took one is a fact in the ledger. */
export function ExportMenu({ visit }: { visit: SessionView }) {
  const may = useMay()
  const take = useExport(visit.id)
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
            <Menu.Item key={each.format} onClick={() => take.mutate(each)}>
              {each.words}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {take.error && <ProblemPanel error={take.error} />}
    </>
  )
}
