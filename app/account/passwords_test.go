package account

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/bcrypt"
)

func TestHashIsArgonAtItsCost(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1, 1, 12)
	hash := must[string](t)(p.Hash(t.Context(), Known, good))
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("hash = %s", hash)
	}
	for password, want := range map[string]bool{good: true, good + " ": false, "": false, strings.ToUpper(good): false} {
		ok, rehash, err := p.Verify(t.Context(), Known, hash, password)
		if ok != want || rehash || err != nil {
			t.Errorf("Verify(%q) = %v, %v, %v, want %v", password, ok, rehash, err, want)
		}
	}
}

func TestPasswordIsOneInEveryNormalForm(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1, 1, 12)
	hash := must[string](t)(p.Hash(t.Context(), Known, "cafe\u0301 au lait ﬁn"))
	if ok, _, err := p.Verify(t.Context(), Known, hash, "caf\u00e9 au lait fin"); !ok || err != nil {
		t.Fatalf("Verify = %v, %v", ok, err)
	}
}

func TestBcryptVerifiesAndIsRehashed(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1, 1, 12)
	made := must[[]byte](t)(bcrypt.GenerateFromPassword([]byte("cafe\u0301 au lait"), bcrypt.MinCost))
	for _, version := range []string{"$2a$", "$2b$", "$2y$"} {
		hash := version + string(made[4:])
		if ok, rehash, err := p.Verify(t.Context(), Known, hash, "cafe\u0301 au lait"); !ok || !rehash || err != nil {
			t.Errorf("%s right: %v, %v, %v", version, ok, rehash, err)
		}
		if ok, rehash, err := p.Verify(t.Context(), Known, hash, "tea"); ok || rehash || err != nil {
			t.Errorf("%s wrong: %v, %v, %v", version, ok, rehash, err)
		}
	}
}

// bcrypt looks at 72 bytes: whoever has those right may not add what they like, and a hash made anew of
// that would lock the owner out.
func TestBcryptRefusesWhatItDoesNotLookAt(t *testing.T) {
	t.Parallel()
	p, whole := NewPasswords(1, 1, 12), passage(72)
	hash := string(must[[]byte](t)(bcrypt.GenerateFromPassword([]byte(whole), bcrypt.MinCost)))
	if ok, rehash, err := p.Verify(t.Context(), Known, hash, whole); !ok || !rehash || err != nil {
		t.Fatalf("72 bytes: %v, %v, %v", ok, rehash, err)
	}
	for _, tail := range []string{"x", "\x00", " and anything at all"} {
		if ok, rehash, err := p.Verify(t.Context(), Known, hash, whole+tail); ok || rehash || err != nil {
			t.Errorf("72 bytes and %q: %v, %v, %v", tail, ok, rehash, err)
		}
	}
}

// A longer password than bcrypt takes is refused after the same work: the time says nothing.
func TestBcryptRefusesInItsOwnTime(t *testing.T) {
	p := NewPasswords(1, 1, 12)
	hash := string(must[[]byte](t)(bcrypt.GenerateFromPassword([]byte(good), 6)))
	took := func(password string) time.Duration {
		began := time.Now()
		if ok, _, err := p.Verify(t.Context(), Known, hash, password); ok || err != nil {
			t.Errorf("Verify = %v, %v", ok, err)
		}
		return time.Since(began)
	}
	short, long := took("tea"), took(passage(73))
	for range 4 {
		short, long = min(short, took("tea")), min(long, took(passage(73)))
	}
	if long < short/2 {
		t.Errorf("73 bytes are refused in %s, a wrong password in %s", long, short)
	}
}

func TestOlderCostIsRehashed(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1, 1, 12)
	hash := must[string](t)(argon2id.CreateHash(good,
		&argon2id.Params{Memory: 1024, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}))
	if ok, rehash, err := p.Verify(t.Context(), Known, hash, good); !ok || !rehash || err != nil {
		t.Fatalf("right: %v, %v, %v", ok, rehash, err)
	}
	if ok, rehash, err := p.Verify(t.Context(), Known, hash, "wrong"); ok || rehash || err != nil {
		t.Fatalf("wrong: %v, %v, %v", ok, rehash, err)
	}
}

func TestUnreadableHashIsAnErrorNotAnAnswer(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1, 1, 12)
	for _, hash := range []string{"plain", "$2a$", "$argon2id$",
		"$argon2id$v=19$m=19456,t=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=19456,t=2,p=0$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"} {
		if ok, _, err := p.Verify(t.Context(), Known, hash, "plain"); ok || err == nil {
			t.Errorf("Verify(%q) = %v, %v", hash, ok, err)
		}
	}
}

// Without a hash the same work is done, on a decoy of the same cost that nothing matches.
func TestDecoyCostsAHash(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1, 1, 12)
	for _, password := range []string{"", good, strings.Repeat("x", longestTyped+1)} {
		before := p.Hashed()
		if ok, rehash, err := p.Verify(t.Context(), Known, "", password); ok || rehash || err != nil {
			t.Errorf("Verify = %v, %v, %v", ok, rehash, err)
		}
		if p.Hashed() != before+1 {
			t.Error("no hash was computed")
		}
	}
	params, _, _, err := argon2id.DecodeHash(p.decoy)
	if err != nil || *params != *hashCost() {
		t.Errorf("decoy = %s, %v", p.decoy, err)
	}
	if p.decoy == NewPasswords(1, 1, 12).decoy {
		t.Error("every process has the same decoy")
	}
}

func TestQueueOfHashesIsBounded(t *testing.T) {
	t.Parallel()
	p := NewPasswords(1, 1, 12)
	if err := p.queue.enter(t.Context(), Strangers); err != nil { // takes the only slot
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() {
		_, err := p.Hash(ctx, Known, good)
		waiting <- err
	}()
	for p.Depth() < 2 { // until it stands in the queue
		ctxErr(t)
	}
	if _, err := p.Hash(t.Context(), Known, good); !errors.Is(err, ErrBusy) {
		t.Fatalf("third Hash = %v, want ErrBusy", err)
	}
	if _, _, err := p.Verify(t.Context(), Known, "", good); !errors.Is(err, ErrBusy) {
		t.Fatalf("third Verify = %v, want ErrBusy", err)
	}
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Fatalf("second Hash = %v, want its context's end", err)
	}
	p.queue.leave()
	if _, err := p.Hash(t.Context(), Known, good); err != nil || p.Depth() != 0 {
		t.Fatalf("Hash after = %v, depth %d", err, p.Depth())
	}
}

// ctxErr ends a test that waits in vain.
func ctxErr(t *testing.T) {
	t.Helper()
	if err := t.Context().Err(); err != nil {
		t.Fatal(err)
	}
}
