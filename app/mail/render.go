package mail

import (
	"html/template"
	"strings"
)

// page is the HTML side of a mail: no picture, no link, nothing to load, so that it reads the same
// everywhere and tells nobody that it was opened.
const page = `<!doctype html>
<html{{with .Lang}} lang="{{.}}"{{end}}><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:24px;font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:16px;line-height:1.5">
<div style="max-width:480px;margin:0 auto">
<h1 style="font-size:20px;margin:0 0 16px">{{.Subject}}</h1>
{{range .Lines}}<p style="margin:0 0 16px">{{.}}</p>
{{end}}{{if .Code}}<p style="margin:0 0 24px;font-family:ui-monospace,Menlo,Consolas,monospace;font-size:32px;letter-spacing:2px">{{.Code}}</p>
{{end}}<p style="margin:24px 0 0;font-size:14px;opacity:.75">{{.Why}}</p>
</div></body></html>
`

func parsePage() *template.Template { return template.Must(template.New("mail").Parse(page)) }

func asHTML(page *template.Template, message Message) (string, error) {
	var out strings.Builder
	err := page.Execute(&out, message)
	return out.String(), err
}

// asText is the mail as most people could read it aloud: paragraphs, the code on its own line.
func asText(message Message) string {
	parts := append([]string{}, message.Lines...)
	if message.Code != "" {
		parts = append(parts, "    "+message.Code)
	}
	return strings.Join(append(parts, message.Why), "\n\n") + "\n"
}

// Text is the message as people without HTML read it.
func (m Message) Text() string { return asText(m) }
