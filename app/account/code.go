package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"gatehouse/models"
)

// CodeLife is how long a mailed code opens what it was made for.
const CodeLife = 10 * time.Minute

const codeTries = 5

// ticket is the half of a code that only the sealed cookie of the browser that asked holds. The
// table has the other half, so neither opens anything alone, and a rotated secret breaks no code.
type ticket struct {
	id, key string
	sentAt  time.Time
}

// send keeps a new code for a purpose, posts the letter that carries it, and returns its ticket. A
// code that is not live opens nothing: an address that must not get one leaves the same row, and
// takes the same time, as one that does.
func (a *Accounts) send(ctx context.Context, purpose string, live bool, letter func(code string) Letter) (ticket, error) {
	code, now := sixDigits(), a.now()
	made := ticket{id: rand.Text(), key: secret(), sentAt: now}
	key := made.key
	if !live {
		key = secret()
	}
	err := a.db.Codes.Create(ctx, models.Code{
		ID: made.id, Purpose: purpose, Hash: codeHash(key, purpose, code), TriesLeft: codeTries, ExpiresAt: now.Add(CodeLife),
	}, now)
	if err != nil {
		return ticket{}, fmt.Errorf("account: keep code: %w", err)
	}
	a.tell(letter(code))
	return made, nil
}

// redeem takes one try of a code. Text that cannot be a code costs none.
func (a *Accounts) redeem(ctx context.Context, purpose, id, key, typed string) error {
	code := digits(typed)
	if len(code) != 6 {
		return models.ErrWrongCode
	}
	return a.db.Codes.Consume(ctx, id, purpose, codeHash(key, purpose, code), a.now())
}

// digits is what a person meant: codes are pasted with spaces and dashes and typed in full width.
func digits(typed string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) {
			return -1
		}
		return r
	}, norm.NFKC.String(typed))
}

func codeHash(key, purpose, code string) string {
	hash := hmac.New(sha256.New, []byte(key))
	hash.Write([]byte(purpose + "\x00" + code))
	return base64.RawURLEncoding.EncodeToString(hash.Sum(nil))
}

func sixDigits() string {
	n, _ := rand.Int(rand.Reader, big.NewInt(1_000_000)) // crypto/rand never fails
	return fmt.Sprintf("%06d", n)
}

// secret is 32 random bytes, as text.
func secret() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // crypto/rand never fails
	return base64.RawURLEncoding.EncodeToString(raw)
}
