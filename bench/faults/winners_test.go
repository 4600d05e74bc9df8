package main

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

func TestAHistoryIsJudged(t *testing.T) {
	t.Parallel()
	op := func(from, to int64, out string) porcupine.Operation {
		return porcupine.Operation{Call: from, Return: to, Output: out}
	}
	for name, c := range map[string]struct {
		repeats bool
		history []porcupine.Operation
		want    bool
	}{
		"one winner":                      {false, []porcupine.Operation{op(0, 9, refused), op(1, 8, "s1"), op(2, 9, refused)}, true},
		"two winners":                     {false, []porcupine.Operation{op(0, 9, "s1"), op(1, 8, "s2")}, false},
		"one winner, told twice":          {false, []porcupine.Operation{op(0, 9, "s1"), op(1, 8, "s1")}, false},
		"a refusal before any use":        {false, []porcupine.Operation{op(0, 1, refused), op(2, 3, "s1")}, false},
		"refusals alone":                  {false, []porcupine.Operation{op(0, 1, refused), op(0, 1, refused)}, false},
		"a lost answer of the winner":     {false, []porcupine.Operation{op(0, 5, doubted), op(2, 3, refused)}, true},
		"a lost answer beside the winner": {false, []porcupine.Operation{op(0, 5, doubted), op(2, 3, "s1")}, true},
		"a lost answer before the winner": {false, []porcupine.Operation{op(0, 1, doubted), op(2, 3, "s1")}, false},
		"the same answer again":           {true, []porcupine.Operation{op(0, 9, "s1"), op(1, 8, "s1")}, true},
		"another answer":                  {true, []porcupine.Operation{op(0, 9, "s1"), op(1, 8, "s2")}, false},
		"a refusal of a repetition":       {true, []porcupine.Operation{op(0, 9, "s1"), op(1, 8, refused)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := porcupine.CheckOperations(ticketKind{repeats: c.repeats}.model(), c.history); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
