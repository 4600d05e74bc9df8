package authkit

import (
	"encoding/json"
	"os"
	"sync"
	"testing"

	"github.com/authkit-dev/authkit/internal/tools/apidoc"
)

// answerOfExample is what a route answered to its example, or to a flow of it.
type answerOfExample struct {
	Status int `json:"status"`
	Body   any `json:"body"`
}

// readAnswers reads what TestEveryExampleWorks writes and checks.
var readAnswers = sync.OnceValues(func() (kept map[string]answerOfExample, err error) {
	text, err := os.ReadFile("testdata/answers.json")
	if err != nil {
		return nil, err
	}
	return kept, json.Unmarshal(text, &kept)
})

// showAnswer has the answers of a route show that of its example.
func showAnswer(t *testing.T, route string, among []apidoc.Answer) {
	t.Helper()
	kept, err := readAnswers()
	if err != nil {
		t.Fatal(err)
	}
	shown, ok := kept[route]
	for i := range among {
		if ok && among[i].Status == shown.Status {
			among[i].Example = shown.Body
		}
	}
}
