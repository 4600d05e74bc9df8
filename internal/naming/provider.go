package naming

import "strings"

// providers are the names of providers that people do not write as one word with a capital letter.
var providers = map[string]string{
	"bitbucket": "Bitbucket", "github": "GitHub", "gitlab": "GitLab", "id-me": "ID.me", "linkedin": "LinkedIn", "paypal": "PayPal", "tiktok": "TikTok",
	"workos": "WorkOS", "x": "X", "youtube": "YouTube",
}

// Provider returns the name of a provider as people write it: GitHub for github, and for a name that
// is not known its words with capital letters, such as Acme Corp for acme-corp.
func Provider(name string) string {
	if label, ok := providers[name]; ok {
		return label
	}
	words := strings.Split(name, "-")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}
