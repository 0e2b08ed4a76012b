package models

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Unavailable reports whether an error means that the database did not answer, rather than that it
// answered no: trying again later may help.
func Unavailable(err error) bool {
	var network net.Error
	var postgres *pq.Error
	var embedded *sqlite.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return true
	case errors.As(err, &postgres):
		// connection, deadlock, resources, operator, system; a statement that ran out of time (PostgreSQL, appendix A)
		return slices.Contains([]string{"08", "40", "53", "57", "58"}, string(postgres.Code.Class()))
	case errors.As(err, &embedded):
		return slices.Contains([]int{sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR},
			embedded.Code()&0xff)
	}
	return false
}
