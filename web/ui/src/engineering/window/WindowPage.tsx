import { useQuery } from '@tanstack/react-query'
import { Navigate, useParams } from 'react-router'
import { Answer, Countdown, PageTitle, useMe } from '#frame'
import { EvidenceActs } from '../../soc/evidence/EvidenceActs'
import { windowQuery } from '../../shared/window/queries'
import { WindowTag } from '../../shared/window/WindowTag'
import { WindowDetail } from './WindowDetail'

/** A window at its own address, for every desk that may know of it. */
export function WindowPage() {
  const { id = '' } = useParams()
  const { desks } = useMe()
  const window = useQuery(windowQuery(id))
  if (desks.length === 1 && desks[0] === 'technician') return <Navigate to={`/technician/windows/${id}`} replace />
  const up = desks.includes('engineering') ? { to: '/engineering/requests', label: 'Requests' } : undefined
  return (
    <Answer of={window}>
      {(found) => (
        <>
          <PageTitle
            title={`Change window on ${found.targets.join(', ')}`}
            {...(up ? { up } : {})}
            actions={desks.includes('soc') && <EvidenceActs about={{ kind: 'window', id: found.id }} words="this change window" />}
            aside={
              <>
                <WindowTag window={found} /> <Countdown window={found} />
              </>
            }
          />
          <WindowDetail window={found} hasHeading={false} />
        </>
      )}
    </Answer>
  )
}
