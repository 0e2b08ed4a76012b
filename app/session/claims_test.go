package session

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gatehouse/models"
)

// What a token says is in the record, so a rotation by any process says it again without asking for the person;
// of the claims, each process hands on those that its settings name.
func TestARotationCarriesWhatTheRecordClaims(t *testing.T) {
	t.Parallel()
	client := ownRedis(t)
	here, there := engine(t, client, time.Now, testKeep), engine(t, client, time.Now, testKeep)
	here.settings.Claims, here.settings.PictureURL = []string{"name", "email", "email_verified",
		"picture"}, "https://accounts.example.com/p?"
	there.settings.Claims = []string{"email"}
	user := models.User{ID: uuid.NewString(), Name: "Ada", Email: "ada@example.com", Picture: "0123",
		Roles: models.Roles{"admin"}}
	proven := time.Now().Add(-5 * time.Minute).UTC().Truncate(time.Second)
	pair, err := here.Start(t.Context(), user, Arrival{Remember: true, AMR: []string{"fed", "mfa"}, AuthTime: proven})
	if err != nil {
		t.Fatal(err)
	}
	said, err := here.Resume(t.Context(), pair.Access)
	if err != nil || said.Name != "Ada" || said.Email != user.Email || !said.EmailVerified ||
		said.Picture != "https://accounts.example.com/p?0123" ||
		!slices.Equal(said.Roles, user.Roles) || !slices.Equal(said.AMR, []string{"fed", "mfa"}) ||
		!said.AuthTime.Equal(proven) {
		t.Fatalf("said %+v, %v", said, err)
	}
	user.Name, user.Picture, user.Roles = "Ada King", "", models.Roles{"reader"}
	if err := there.Rewrite(t.Context(), user.ID, user.Claims()); err != nil {
		t.Fatal(err)
	}
	if again, err := here.Resume(t.Context(), pair.Access); err != nil || !reflect.DeepEqual(again, said) {
		t.Errorf("the token that is out says %+v, %v", again, err)
	}
	pair, err = there.Refresh(t.Context(), pair.Refresh)
	if err != nil || pair.Current.Name != "" || pair.Current.Email != user.Email || pair.Current.EmailVerified ||
		!slices.Equal(pair.Current.Roles, user.Roles) {
		t.Errorf("there it says %+v, %v", pair.Current, err)
	}
	pair, err = here.Refresh(t.Context(), pair.Refresh)
	if err != nil || pair.Current.Name != "Ada King" || pair.Current.Picture != "" ||
		!pair.Current.AuthTime.Equal(proven) {
		t.Errorf("here it says %+v, %v", pair.Current, err)
	}
}
