package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/unicode/norm"
)

// longestTyped bounds the bytes of a password that are looked at: no password that weakness allows
// is longer, and a megabyte of letters that expand when they are normalised is work a stranger would
// make us do.
const longestTyped = 2048

// bcryptReads is how many bytes of a password bcrypt looks at.
const bcryptReads = 72

// Passwords hashes and judges passwords, few at a time: each hash takes 19 MiB.
type Passwords struct {
	min    int
	site   []string
	common map[string]bool
	used   map[string]bool
	decoy  string
	queue  *hashQueue
}

// NewPasswords hashes parallel passwords at once (0: one per CPU), keeps up to waiting more in each lane of
// the queue, and refuses those shorter than min code points and those too close to a name of the site.
func NewPasswords(parallel, waiting, min int, site ...string) *Passwords {
	if parallel <= 0 {
		parallel = runtime.GOMAXPROCS(0)
	}
	return &Passwords{
		min: min, site: append([]string{appName}, site...), common: wordsOf(commonList), used: wordsOf(usedList), decoy: decoyHash(),
		queue: newHashQueue(parallel, waiting),
	}
}

// Hash is the argon2id hash of a password. ErrBusy.
func (p *Passwords) Hash(ctx context.Context, lane Lane, password string) (string, error) {
	if err := p.queue.enter(ctx, lane); err != nil {
		return "", err
	}
	defer p.queue.leave()
	hash, err := argon2id.CreateHash(norm.NFKC.String(password), hashCost())
	if err != nil {
		return "", fmt.Errorf("account: hash password: %w", err)
	}
	return hash, nil
}

// Verify reports whether a password has this hash, argon2id or bcrypt, and whether it should be
// hashed anew. An empty hash costs as much as one of ours and never matches. ErrBusy.
func (p *Passwords) Verify(ctx context.Context, lane Lane, hash, password string) (ok, rehash bool, err error) {
	if err := p.queue.enter(ctx, lane); err != nil {
		return false, false, err
	}
	defer p.queue.leave()
	if hash == "" || len(password) > longestTyped {
		_, _, err := argon2id.CheckHash("", p.decoy)
		return false, false, err
	}
	if strings.HasPrefix(hash, "$2") {
		return verifyBcrypt(hash, password)
	}
	return verifyArgon(hash, password)
}

// Depth is how many passwords are being hashed or wait for it now.
func (p *Passwords) Depth() int { return p.queue.depth() }

// Hashed is how many have been since the start.
func (p *Passwords) Hashed() int64 { return p.queue.served() }

// verifyArgon looks at an imported hash before it trusts it: the library panics on no rounds, and
// every password matches an empty key.
func verifyArgon(hash, password string) (ok, rehash bool, err error) {
	params, _, key, err := argon2id.DecodeHash(hash)
	if err != nil || params.Iterations < 1 || params.Parallelism < 1 || params.Memory > 1<<20 || len(key) < 16 {
		return false, false, errors.Join(errors.New("account: a password hash in the table cannot be read"), err)
	}
	ok, err = argon2id.ComparePasswordAndHash(norm.NFKC.String(password), hash)
	if err != nil {
		return false, false, fmt.Errorf("account: verify password: %w", err)
	}
	return ok, ok && *params != *hashCost(), nil
}

// verifyBcrypt takes the password as it was typed: where such a hash was made, nothing normalised
// it. It is slower or faster than the decoy, until the person's next sign-in replaces it. One longer
// than bcrypt reads is refused after the same work, as it was where the hash was made: any tail matches.
func verifyBcrypt(hash, password string) (ok, rehash bool, err error) {
	err = bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, false, nil
	}
	if err != nil {
		return false, false, fmt.Errorf("account: verify password: %w", err)
	}
	ok = len(password) <= bcryptReads
	return ok, ok, nil
}

// hashCost is OWASP's second choice for argon2id: 19 MiB, twice over, one thread.
func hashCost() *argon2id.Params {
	return &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// decoyHash has the cost of a real hash and the key of none, so nobody's password matches it.
func decoyHash() string {
	var salt [16]byte
	var key [32]byte
	_, _ = rand.Read(salt[:]) // crypto/rand never fails
	_, _ = rand.Read(key[:])
	text, c := base64.RawStdEncoding, hashCost()
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Iterations, c.Parallelism,
		text.EncodeToString(salt[:]), text.EncodeToString(key[:]))
}
