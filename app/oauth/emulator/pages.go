package emulator

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
)

//go:embed pages.html
var pages string

// show writes one of the pages. They are parsed each time: nothing here is in a hurry.
func show(w http.ResponseWriter, status int, name string, data any) {
	parsed, err := template.New("").Parse(pages)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = parsed.ExecuteTemplate(w, name, data) // the browser may be gone
}

func showProblem(w http.ResponseWriter, s *service, problem string) {
	show(w, http.StatusBadRequest, "problem", map[string]any{"Title": s.title, "Problem": problem})
}

// showForm sends the browser back by a form that submits itself, and has a button without script.
func showForm(w http.ResponseWriter, s *service, answer AuthorizationResponse) {
	show(w, http.StatusOK, "form", map[string]any{"Title": s.title, "Answer": answer})
}

// choose lists the people, each a link to the same address with person added.
func (e *Emulator) choose(w http.ResponseWriter, r *http.Request, s *service) {
	type choice struct {
		Person
		Address string
	}
	var choices []choice
	for _, person := range s.people {
		choices = append(choices, choice{Person: person, Address: chooseURL(r, person.ID)})
	}
	show(w, http.StatusOK, "choose", map[string]any{"Title": s.title, "Client": r.Form.Get("client_id"),
		"Fault":   e.fault(s.name),
		"Choices": choices, "Cancel": chooseURL(r, "cancel")})
}

// chooseURL is the request's own address with person in it; a posted request becomes a link as well.
func chooseURL(r *http.Request, person string) string {
	return (&url.URL{Path: r.URL.Path, RawQuery: withPerson(r.Form, person)}).String()
}

// index shows what there is and what can be broken.
func (e *Emulator) index(w http.ResponseWriter, r *http.Request) {
	type row struct {
		Name, Title, Fault string
		People             []Person
	}
	var rows []row
	for _, s := range e.services {
		rows = append(rows, row{Name: s.name, Title: s.title, Fault: e.fault(s.name), People: s.people})
	}
	show(w, http.StatusOK, "index", map[string]any{"Rows": rows, "Faults": Faults(), "Issuer": issuerURL(r)})
}
