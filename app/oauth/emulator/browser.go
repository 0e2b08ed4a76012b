package emulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// Choose is an authorize address with a person already chosen ("cancel" says no), for whoever does
// not want to read the page of people.
func Choose(address, person string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("emulator: choose: %w", err)
	}
	u.RawQuery = withPerson(u.Query(), person)
	return u.String(), nil
}

// withPerson writes a query with spaces as %20, which is how Apple wants them.
func withPerson(query url.Values, person string) string {
	query = maps.Clone(query)
	query.Set("person", person)
	return strings.ReplaceAll(query.Encode(), "+", "%20")
}

// Visit goes to an authorize address as the browser of a person, and returns what that browser
// would bring back to the callback.
func Visit(address, person string) (AuthorizationResponse, error) {
	chosen, err := Choose(address, person)
	if err != nil {
		return AuthorizationResponse{}, err
	}
	r, err := http.NewRequest(http.MethodGet, chosen, nil)
	if err != nil {
		return AuthorizationResponse{}, fmt.Errorf("emulator: visit: %w", err)
	}
	r.Header.Set("Accept", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return AuthorizationResponse{}, fmt.Errorf("emulator: visit: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return AuthorizationResponse{}, fmt.Errorf("emulator: visit: refused with status %d", res.StatusCode)
	}
	var answer AuthorizationResponse
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return AuthorizationResponse{}, fmt.Errorf("emulator: visit: %w", err)
	}
	return answer, nil
}
