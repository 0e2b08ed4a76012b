package web

import "gatehouse/views"

// Notice turns the word in an address into the sentence it stands for. Words that are none of ours
// say nothing, so nobody can put a sentence on our pages.
func Notice(word string) views.Notice {
	info := map[string]string{
		"ended":      "Your session ended. Sign in to go on.",
		"signed-out": "You are signed out.",
		"deleted":    "Your account is deleted.",
	}
	success := map[string]string{
		"ready":     "Your account is ready. Sign in.",
		"reset":     "Your password is changed. Sign in with the new one.",
		"password":  "Your password is changed. Your other sessions have ended.",
		"email":     "Your address is proven.",
		"saved":     "Saved.",
		"linked":    "Connected. You can sign in with it from now on.",
		"unlinked":  "Disconnected.",
		"sessions":  "Ended.",
		"confirmed": "Confirmed. Go on with your change.",
	}
	if text, known := info[word]; known {
		return views.Notice{Kind: "info", Text: text}
	}
	if text, known := success[word]; known {
		return views.Notice{Kind: "success", Text: text}
	}
	return views.Notice{}
}
