package account

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"gatehouse/app/limit"
	"gatehouse/models"
)

// Whoever words an error needs its code, however deep it lies.
func TestRefusedGivesTheCodeOfWhatAPersonIsTold(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{
		ErrCredentials: CodeInvalidCredentials, ErrDisabled: CodeAccountDisabled, ErrTaken: CodeAddressTaken, ErrBusy: CodeBusy,
		ErrIdentityTaken: CodeIdentityTaken, ErrAnotherIdentity: CodeAnotherIdentity, models.ErrWrongCode: CodeInvalidCode,
		models.ErrSpentCode: CodeSpentCode, models.ErrUsedCode: CodeSpentCode, models.ErrLastWayIn: CodeLastWayIn,
		limit.Exceeded{Wait: time.Minute}: CodeRateLimited,
	} {
		wrapped := errors.Join(errors.New("another"), fmt.Errorf("verb: %w", err))
		if got := Refused(wrapped); got == nil || got.Code != want {
			t.Errorf("%v is %+v, want %s", err, got, want)
		}
	}
	if wait := Refused(limit.Exceeded{Wait: time.Minute}).Args["wait"]; wait != time.Minute {
		t.Errorf("a limit's wait is %v", wait)
	}
	for _, err := range []error{nil, models.ErrNotFound, ErrReauthenticate, ErrResetBefore} {
		if got := Refused(err); got != nil {
			t.Errorf("%v is %+v, and nobody is told", err, got)
		}
	}
}
