import { Button } from '@mantine/core'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Answer, api, bodyOf, DataTable, Moment, Panel, ReasonDialog, useAct, useMay, type Column, type PlannedAct, type Wire } from '#frame'
import { AddAuthority, AddRevocation } from './AuthorityDialogs'
import classes from './Authorities.module.css'

type Authority = Wire<'AuthorityView'>
type Revoked = Wire<'RevokedView'>

function authoritiesQuery(vendor: string) {
  return queryOptions({
    queryKey: ['vendors', 'authorities', vendor],
    queryFn: ({ signal }) =>
      bodyOf(api.GET('/api/vendors/{vendor}/authorities', { params: { path: { vendor } }, signal })),
  })
}

/** The keys that sign SSH certificates for a company's people, and what of their certificates is believed no more. */
export function Authorities({ vendor }: { vendor: string }) {
  const may = useMay()
  const canManage = may('manage-vendors')
  const [dialog, setDialog] = useState<'authority' | 'revocation' | null>(null)
  const [planned, setPlanned] = useState<PlannedAct | null>(null)
  const withdraw = useAct<Wire<'WithdrawnAuthority'>, Wire<'AuthoritiesView'>>(['vendors'], (body) =>
    bodyOf(api.POST('/api/vendors/{vendor}/authorities/withdraw', { params: { path: { vendor } }, body })),
  )
  const planWithdrawal = ({ fingerprint }: Authority): void =>
    setPlanned({
      title: 'Withdraw this authority',
      explains: `${fingerprint}: no certificate that it signed is believed any more, and visits that began with one end at once.`,
      verb: 'Withdraw',
      isCut: true,
      run: (reason) => withdraw.mutateAsync({ fingerprint, reason }),
    })
  return (
    <Panel
      title="Certificate authorities"
      aside={
        canManage && (
          <span>
            <Button variant="subtle" size="xs" onClick={() => setDialog('revocation')}>
              Revoke certificates…
            </Button>
            <Button variant="subtle" size="xs" onClick={() => setDialog('authority')}>
              Add an authority…
            </Button>
          </span>
        )
      }
    >
      <p className={`dim ${classes.about}`}>
        Who shows an OpenSSH certificate that one of these keys has signed is believed to be the person whose sign-in name
        stands in it, for this company’s people alone. The second factor is asked for all the same.
      </p>
      <Answer of={useQuery(authoritiesQuery(vendor))} lines={2}>
        {({ authorities, revoked }) => (
          <div className="stack">
            {authorities.length === 0 ? (
              <p>None: its people come with keys that are enrolled one by one.</p>
            ) : (
              <DataTable
                label="Certificate authorities"
                columns={canManage ? [...AUTHORITY, actsOf(planWithdrawal)] : AUTHORITY}
                rows={authorities}
                keyOf={({ fingerprint }) => fingerprint}
              />
            )}
            {revoked.length > 0 && (
              <DataTable
                label="Certificates that are believed no more"
                columns={REVOKED}
                rows={revoked}
                keyOf={({ by, value }) => `${by} ${value}`}
              />
            )}
          </div>
        )}
      </Answer>
      <AddAuthority vendor={vendor} isOpen={dialog === 'authority'} onDone={() => setDialog(null)} />
      <AddRevocation vendor={vendor} isOpen={dialog === 'revocation'} onDone={() => setDialog(null)} />
      <ReasonDialog act={planned} onDone={() => setPlanned(null)} />
    </Panel>
  )
}

const AUTHORITY: readonly Column<Authority>[] = [
  { head: 'Key', cell: ({ fingerprint }) => <code>{fingerprint}</code> },
  { head: 'Algorithm', cell: ({ algorithm }) => algorithm },
  { head: 'Believed until', cell: ({ valid_until }) => (valid_until ? <Moment at={valid_until} isBare /> : 'no end') },
]

function actsOf(onWithdraw: (authority: Authority) => void): Column<Authority> {
  return {
    head: 'Acts',
    isActs: true,
    cell: (authority) => (
      <Button variant="default" size="xs" onClick={() => onWithdraw(authority)}>
        Withdraw…
      </Button>
    ),
  }
}

const BY: Record<string, string> = { serial: 'Serial number', 'key-id': 'Key id', key: 'Key' }

const REVOKED: readonly Column<Revoked>[] = [
  {
    head: 'Believed no more',
    cell: ({ by, value }) => (
      <>
        {BY[by] ?? by} <code>{value}</code>
      </>
    ),
  },
  { head: 'Why', cell: ({ reason }) => reason },
  { head: 'By', cell: ({ said_by }) => said_by },
  { head: 'When', cell: ({ at }) => <Moment at={at} isBare /> },
]
