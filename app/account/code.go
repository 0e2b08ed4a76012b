package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"gatehouse/app/limit"
	"gatehouse/models"
)

// CodeLife is how long a mailed code opens what it was made for.
const CodeLife = 10 * time.Minute

// A mailed code is eight of these, shown XXXX-XXXX: capital letters and digits without 0 and O, 1, I
// and L, which people take for one another. docs/security.md computes what guessing them can do.
const (
	codeAlphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
	codeLength   = 8
)

// Rules of mailed codes. Known and unknown addresses are counted alike (no enumeration).
var (
	// recipientRule is the share of mails that one address gets for one purpose. Past it a new flow waits
	// for the codes that were mailed before, so nobody can fill a mailbox, or keep its owner from a code.
	recipientRule = limit.Rule{Name: "recipient", Rate: 6, Per: time.Hour, Burst: 3}
	// anewRule is for an address past its share without a live code: it has just been used.
	anewRule = limit.Rule{Name: "anew", Rate: 6, Per: time.Hour, Burst: 2}
	// noticeRule is the share of mails without a code that strangers can cause at one address. It is
	// counted in this process, where a count takes no time that would tell known addresses from others.
	noticeRule = limit.Rule{Name: "notice", Rate: 3, Per: 24 * time.Hour, Burst: 3, Local: true}
	// guessRule bounds the tries at the codes of the whole house for each kind of purpose, over all accounts
	// and addresses (brute force): what is beyond is 503. docs/security.md says what guessing comes to;
	// people type far less. The kinds count apart, so that a flood of flows that are cheap to begin keeps
	// nobody from a reset; a browser that has signed in to the account before is not counted.
	guessRule = limit.Rule{Name: "guess", Rate: 200, Per: time.Second, Burst: 200}
)

// kinds are what a code can open.
const (
	kindSignUp = "sign up"
	kindSignIn = "sign in"
	kindReset  = "reset"
	kindChange = "change the address"
)

func kinds() []string { return []string{kindSignUp, kindSignIn, kindReset, kindChange} }

// FlowLife is how long a browser may come back to a flow. It outlives the flow's codes, so that the page can
// say that they are over and send another.
const FlowLife = time.Hour

// Flow is what a browser keeps, sealed, while it waits for a code. Each has tries of its own, so that flows
// which share a code cannot use up each other's.
type Flow struct {
	ID     string `json:"f"`
	CodeID string `json:"i"`           // the code it waits for; "" for any of the newest of its address and purpose
	Known  bool   `json:"k,omitempty"` // begun in a browser that has signed in to the account before
}

// mailing is how a flow wants its code.
type mailing struct {
	purpose string // what the code opens, and for which address
	to      string
	live    bool                     // false: a code that opens nothing, in the same rows and the same time
	letter  func(code string) letter // without a kind: nothing is sent
	user    string                   // whose address it is, or ""
}

// own reports whether only the code that was mailed for a flow opens it: a sign-up holds a password that
// somebody chose, and a code of its owner must not plant a stranger's. Whoever proves an address that is
// theirs already may take any code from their mailbox: strangers ask for some, and mails come in any order.
func (m mailing) own() bool {
	return kindOf(m.purpose) == kindSignUp || kindOf(m.purpose) == kindChange
}

// asker is what is known of whoever asks for a code.
type asker struct {
	mayMail bool // false where they have caused enough mails
	known   bool // their browser has signed in to the account before
}

// mailRule is of the mails that a client causes: past it no new mail goes, and nobody is refused.
var mailRule = limit.Rule{Name: "mails", Rate: 60, Per: time.Hour, Burst: 60}

// asker counts a caller who asks for a code to a canonical address.
func (a *Accounts) asker(ctx context.Context, caller Caller, address string) asker {
	return asker{mayMail: a.limits.TryClient(ctx, mailRule, caller.IP) == nil, known: caller.Device.Knows(address)}
}

// resendRule is how often a flow may ask for another code.
var resendRule = limit.Rule{Name: "resend", Rate: 1, Per: time.Minute, Burst: 1}

// mayResend counts the wish for another code. limit.Exceeded.
func (a *Accounts) mayResend(ctx context.Context, flow Flow) error {
	return a.limits.Try(ctx, resendRule, flow.ID)
}

// begin gives a new flow its code: a new one that is mailed or, past the recipient's share, those that were
// mailed before (mailed is false then). ErrBusy when none lives and no mail can be taken: then nobody gets
// one, known or not.
func (a *Accounts) begin(ctx context.Context, m mailing, asker asker) (flow Flow, mailed bool, err error) {
	flow = Flow{ID: rand.Text(), Known: asker.known}
	a.limits.Take(ctx, resendRule, flow.ID) // counted here, refused when another is asked for
	may, err := a.mayMail(ctx, m, asker)
	if err != nil || !may {
		return flow, false, err
	}
	id, err := a.mailCode(ctx, m)
	if m.own() {
		flow.CodeID = id
	}
	return flow, true, err
}

// mayMail decides whether another code goes out to a recipient.
func (a *Accounts) mayMail(ctx context.Context, m mailing, asker asker) (bool, error) {
	share := a.share(kindOf(m.purpose), m.to)
	allowed := asker.mayMail && a.limits.Take(ctx, recipientRule, share) == 0
	room := a.outbox.room(kindOf(m.purpose) != kindSignUp)
	if allowed && room {
		return true, nil
	}
	live, err := a.db.Codes.Live(ctx, m.purpose, a.now())
	switch {
	case err != nil, live, !asker.mayMail:
		return false, err
	case !room:
		return false, ErrBusy
	}
	return a.limits.Take(ctx, anewRule, share) == 0, nil
}

func (a *Accounts) share(kind, to string) string { return a.keys.Digest("recipient", kind, to) }

// renewShare lets the next flow have a mail of its own, now that a code has proven the address: an owner who gets in
// again and again uses up nothing.
func (a *Accounts) renewShare(ctx context.Context, purpose, to string) {
	a.limits.Give(ctx, anewRule, a.share(kindOf(purpose), to))
}

func (a *Accounts) mailCode(ctx context.Context, m mailing) (id string, err error) {
	code := newCode()
	kept := models.Code{ID: rand.Text(), Purpose: m.purpose, Hash: a.keys.Digest("code", m.purpose, code),
		ExpiresAt: a.now().Add(CodeLife)}
	if !m.live {
		kept.Hash = a.keys.Digest("code", m.purpose, newCode())
	}
	line, l := a.lined(ctx, m, m.letter(shown(code)))
	err = a.outbox.unit(ctx, func(tx *models.DB) error {
		if err := tx.Codes.Create(ctx, kept); err != nil {
			return err
		}
		return a.outbox.mail(ctx, tx, line, m.user, l)
	})
	return kept.ID, err
}

// lined is a letter that answers whoever asked for a code, and its line. Whether it is a code, a notice or
// nothing, a row like any other is written (enumeration).
func (a *Accounts) lined(ctx context.Context, m mailing, l letter) (int, letter) {
	line := codes
	if kindOf(m.purpose) != kindSignUp {
		line = firstCodes
	}
	l.To = m.to
	if l.Args.Code != "" {
		return line, l
	}
	if a.limits.Take(ctx, noticeRule, a.keys.Digest("notice", m.to)) > 0 || l.Kind == "" {
		return line, letter{To: m.to}
	}
	return notices, l
}

// prove takes one try of a flow. The code stays until it is used; its id is returned. models.ErrWrongCode,
// models.ErrSpentCode, models.ErrUsedCode, ErrBusy. Text that cannot be a code costs no try, and a flow
// without a try left costs the house nothing of what it allows.
func (a *Accounts) prove(ctx context.Context, purpose string, flow Flow, typed string) (id string, err error) {
	code := typedCode(typed)
	if code == "" {
		return "", models.ErrWrongCode
	}
	if err := a.db.Codes.Try(ctx, flow.ID, FlowLife, a.now()); err != nil {
		return "", err
	}
	if !flow.Known && a.limits.Take(ctx, guessRule, kindOf(purpose)) > 0 {
		return "", errors.Join(ErrBusy, a.db.Codes.Return(ctx, flow.ID))
	}
	guess := models.Guess{CodeID: flow.CodeID, Purpose: purpose, Hashes: a.keys.Digests("code", purpose, code)}
	id, err = a.db.Codes.Compare(ctx, guess, a.now())
	if errors.Is(err, models.ErrWrongCode) {
		a.rules.wrongCode()
	}
	return id, err
}

// useCode uses a code that was proven, of a person who is held still until the unit of work ends.
func useCode(ctx context.Context, tx *models.DB, userID, code, purpose string) error {
	if err := tx.Users.Lock(ctx, userID); err != nil {
		return err
	}
	return tx.Codes.Use(ctx, code, purpose)
}

// redeem proves a code and uses it.
func (a *Accounts) redeem(ctx context.Context, purpose string, flow Flow, typed string) error {
	id, err := a.prove(ctx, purpose, flow, typed)
	if err != nil {
		return err
	}
	return a.db.Codes.Use(ctx, id, purpose)
}

// longestTypedCode bounds the bytes that are looked at: normalising a megabyte of expanding letters is
// work a stranger would make us do.
const longestTypedCode = 256

var codeShape = regexp.MustCompile(`(?:^|[^0-9A-Z])([` + codeAlphabet + `]{4})[^0-9A-Z]*([` + codeAlphabet +
	`]{4})(?:$|[^0-9A-Z])`)

// typedCode is the code a person meant, or "". Codes are typed in small letters or full width, with
// spaces, dashes or none, and pasted with what stands around them in the mail and with characters that
// nobody sees.
func typedCode(typed string) string {
	if len(typed) > longestTypedCode {
		return ""
	}
	text := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, norm.NFKC.String(typed))
	symbols := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return r
	}, text)
	if len(symbols) == codeLength {
		return symbols
	}
	if found := codeShape.FindStringSubmatch(text); found != nil {
		return found[1] + found[2]
	}
	return ""
}

// newCode is eight random symbols. Each is as likely as the others: a byte above the
// largest multiple of the alphabet is thrown again.
func newCode() string {
	code := make([]byte, 0, codeLength)
	var raw [1]byte
	for len(code) < codeLength {
		_, _ = rand.Read(raw[:]) // crypto/rand never fails
		if n := int(raw[0]); n < 256/len(codeAlphabet)*len(codeAlphabet) {
			code = append(code, codeAlphabet[n%len(codeAlphabet)])
		}
	}
	return string(code)
}

// shown is a code as people read it.
func shown(code string) string { return code[:codeLength/2] + "-" + code[codeLength/2:] }

func kindOf(purpose string) string {
	for _, kind := range kinds() {
		if strings.HasPrefix(purpose, kind+" ") {
			return kind
		}
	}
	return ""
}

// addressed names a purpose for one address. It is a hash without a key, so that a rotated secret breaks
// no flow; the rows live for minutes.
func addressed(purpose, address string) string {
	sum := sha256.Sum256([]byte(address))
	return purpose + " " + base64.RawURLEncoding.EncodeToString(sum[:18])
}
