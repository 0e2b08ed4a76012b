package web

import (
	"net/url"
	"strings"
)

// LongestNext is what fits into a sealed cookie beside a sign-up, if every byte of it is escaped.
const LongestNext = 1000

// Next is where to go after signing in: one local path, or the dashboard. "//evil.example" and
// "/\evil.example" are other hosts to a browser, and a control character could hide either.
func (s *Site) Next(asked string) string {
	if follows(asked) {
		return asked
	}
	return s.base.To("/dashboard")
}

// follows reports whether the policy lets a browser go there.
func follows(asked string) bool {
	if len(asked) > LongestNext || !strings.HasPrefix(asked, "/") || strings.HasPrefix(asked, "//") ||
		strings.ContainsAny(asked, "\\") {
		return false
	}
	for _, r := range asked {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return false
		}
	}
	at, err := url.Parse(asked)
	return err == nil && at.Host == "" && at.Scheme == "" && !leadsToAuth(at.Path)
}

// leadsToAuth reports whether a browser could take this path to one of our routes under /auth/: those act, and a
// link elsewhere would act by way of someone else's sign-in (CSRF). Dot segments are resolved as browsers do,
// for whom an empty segment is one like any other (WHATWG URL, 4.4); what comes first then is looked at, and
// so is what comes first of all.
func leadsToAuth(to string) bool {
	var stack []string
	for segment := range strings.SplitSeq(to, "/") {
		switch {
		case segment == ".." && len(stack) > 0:
			stack = stack[:len(stack)-1]
		case segment != "." && segment != "..":
			stack = append(stack, segment)
		}
	}
	return firstIs(stack, "auth") || firstIs(strings.Split(to, "/"), "auth")
}

// firstIs reports whether the first segment that is not empty is this one, in capitals or not.
func firstIs(segments []string, name string) bool {
	for _, segment := range segments {
		if segment != "" {
			return strings.EqualFold(segment, name)
		}
	}
	return false
}

// SignInAt is the sign-in page with a sentence, and the way on after it.
func SignInAt(notice, to string) string {
	return "/sign-in?notice=" + notice + "&next=" + url.QueryEscape(to)
}
