import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useParams } from 'react-router'
import { Answer, api, bodyOf, PageTitle, Panel, ReasonDialog, Tag, useAct, useMay, type PlannedAct, type Wire } from '#frame'
import { Note } from '../../shared/Note'
import { targetQuery, type TargetView } from '../../shared/servers'
import { CredentialDialog } from './CredentialDialog'
import { Endpoints } from './Endpoints'
import { HostKeysDialog } from './HostKeysDialog'
import { Planned, Visited } from './Planned'
import { ProposedKeys } from './ProposedKeys'
import { ServerFacts } from './ServerFacts'

/** One server: what it serves, how it is reached, what is planned, who was there. */
export function ServerPage() {
  const { name = '' } = useParams()
  const target = useQuery(targetQuery(name))
  return <Answer of={target}>{(found) => <Server target={found} />}</Answer>
}

function Server({ target }: { target: TargetView }) {
  const may = useMay()
  const [dialog, setDialog] = useState<'keys' | 'credential' | null>(null)
  const lock = useLock(target)
  const uploads = useUploads(target)
  const hasSsh = target.endpoints.some(({ kind }) => kind === 'ssh')
  return (
    <>
      <PageTitle
        title={target.name}
        up={{ to: '/engineering/servers', label: 'Servers' }}
        aside={target.locked && <Tag tone="bad">Locked</Tag>}
        actions={
          may('lock') && (
            <Button variant="default" onClick={lock.open}>
              {target.locked ? 'Unlock…' : 'Lock…'}
            </Button>
          )
        }
      />
      <div className="stack">
        {target.locked && (
          <Note tone="bad" title="Locked: nobody gets in, whatever their window says">
            {target.locked}
          </Note>
        )}
        <ProposedKeys target={target} />
        <div className="columns">
          <div className="stack">
            <Panel
              title="How it is reached"
              aside={
                may('manage-targets') &&
                hasSsh && (
                  <span>
                    <Button variant="subtle" size="xs" onClick={() => setDialog('credential')}>
                      Set a credential…
                    </Button>
                    <Button variant="subtle" size="xs" onClick={() => setDialog('keys')}>
                      Propose host keys…
                    </Button>
                  </span>
                )
              }
            >
              <Endpoints endpoints={target.endpoints} />
            </Panel>
            <Visited name={target.name} />
          </div>
          <div className="stack">
            <Panel
              title="At a glance"
              aside={
                may('manage-targets') &&
                hasSsh && (
                  <Button variant="subtle" size="xs" onClick={uploads.open}>
                    How files come…
                  </Button>
                )
              }
            >
              <ServerFacts target={target} />
            </Panel>
            <Planned name={target.name} />
          </div>
        </div>
      </div>
      <HostKeysDialog target={target} isOpen={dialog === 'keys'} onDone={() => setDialog(null)} />
      <CredentialDialog target={target} isOpen={dialog === 'credential'} onDone={() => setDialog(null)} />
      <ReasonDialog act={lock.planned} onDone={lock.close} />
      <ReasonDialog act={uploads.planned} onDone={uploads.close} />
    </>
  )
}

/** Whether clients write files themselves, or the gate does after it has scanned them. */
function useUploads(target: TargetView) {
  const [planned, setPlanned] = useState<PlannedAct | null>(null)
  const act = useAct<Wire<'NewUploads'>, TargetView>(['targets'], (body) =>
    bodyOf(api.PUT('/api/targets/{target}/uploads', { params: { path: { target: target.name } }, body })),
  )
  const isStaged = target.uploads === 'staged'
  const open = (): void =>
    setPlanned({
      title: `How files come to ${target.name}`,
      explains: isStaged
        ? 'From now on technicians write files to it directly. Each is recorded and held against the plan, and none is scanned first.'
        : 'From now on the gate takes what sftp and scp bring, scans it, and writes what is clean; files can be sent ahead, too. Old scp (scp -O) and rsync cannot write. A shell or a command can still write by itself: that is recorded, and not scanned.',
      verb: isStaged ? 'Let them be written directly' : 'Have them scanned first',
      isCut: false,
      run: (reason) => act.mutateAsync({ uploads: isStaged ? 'direct' : 'staged', reason }),
    })
  return { planned, open, close: () => setPlanned(null) }
}

function useLock(target: TargetView) {
  const [planned, setPlanned] = useState<PlannedAct | null>(null)
  const act = useAct<() => Promise<unknown>, unknown>(['targets', 'sessions'], (run) => run())
  const at = { params: { path: { target: target.name } } }
  const open = (): void =>
    setPlanned(
      target.locked
        ? {
            title: `Unlock ${target.name}`,
            explains: 'Windows that are open or ahead hold again.',
            verb: 'Unlock',
            isCut: false,
            run: (reason) =>
              act.mutateAsync(() => bodyOf(api.POST('/api/targets/{target}/unlock', { ...at, body: { reason } }))),
          }
        : {
            title: `Lock ${target.name}`,
            explains: 'Visits that are open are cut at once, and nobody gets in until it is unlocked.',
            verb: 'Lock',
            isCut: true,
            run: (reason) =>
              act.mutateAsync(() => bodyOf(api.POST('/api/targets/{target}/lock', { ...at, body: { reason } }))),
          },
    )
  return { planned, open, close: () => setPlanned(null) }
}
