import type { ReactNode } from 'react'
import { Link, useNavigate } from 'react-router'
import classes from './DataTable.module.css'
import { useListKeys } from './keys/useListKeys'

export interface Column<Row> {
  head: string
  cell: (row: Row) => ReactNode
  /** Numbers and times stand on the right. */
  isRight?: boolean
  /** Acts of the row: the heading is spoken only. */
  isActs?: boolean
}

interface DataTableProps<Row> {
  /** What the table lists, for who cannot see it. */
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string
  /** Where a row leads; the first cell becomes its link, and Enter on the chosen row follows it. */
  linkOf?: (row: Row) => string
}

/** A table that becomes a list of cards where the page is narrow. j and k walk it. */
export function DataTable<Row>({ label, columns, rows, keyOf, linkOf }: DataTableProps<Row>) {
  const navigate = useNavigate()
  const { chosen, listRef } = useListKeys(rows.length, (index) => {
    const row = rows[index]
    if (row !== undefined && linkOf) void navigate(linkOf(row))
  })
  return (
    <div className={classes.frame} ref={listRef}>
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ head, isRight, isActs }) => (
              <th key={head} scope="col" data-right={isRight || undefined}>
                {isActs ? <span className="spoken">{head}</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={keyOf(row)} data-row data-chosen={index === chosen || undefined} data-links={linkOf ? true : undefined}>
              {columns.map(({ head, cell, isRight, isActs }, place) => (
                <td key={head} data-head={isActs ? undefined : head} data-right={isRight || undefined} data-acts={isActs || undefined}>
                  {place === 0 && linkOf ? (
                    <Link className={classes.link} to={linkOf(row)}>
                      {cell(row)}
                    </Link>
                  ) : (
                    <div className={classes.value}>{cell(row)}</div>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
