package storetest

import (
	"bytes"
	"slices"

	"github.com/authkit-dev/authkit"
)

func (l *otherSteps) doExplain() {
	app := l.app()
	var list []authkit.Explanation
	for range draw(l, "explanations", 0, 1, 2, 3) {
		e := explained(draw(l, "request", 1, 2, 3, 4, 5, 6))
		l.made++
		e.Rule, e.Expires = string(rune('a'+l.made%26)), l.soon()
		list = append(list, e)
	}
	most := draw(l, "most", 1, 2, 4)
	l.answered(l.s.AddExplanations(l.ctx, app, list, most), l.m.addExplanations(app, list, most))
}

func (l *otherSteps) lookExplanation() {
	app, request := l.app(), numbered(draw(l, "request", 1, 2, 3, 4, 5, 6))
	a := l.model(app)
	i := a.explanationOf(request)
	got, err := l.s.Explanation(l.ctx, app, request, l.at)
	if l.found(err, i >= 0 && a.explained[i].Expires.After(l.at)) {
		l.same("Explanation", got, a.explained[i])
	}
}

func (a *modelApp) explanationOf(request [16]byte) int {
	return slices.IndexFunc(a.explained, func(e authkit.Explanation) bool { return e.RequestID == request })
}

func (m model) addExplanations(app [16]byte, list []authkit.Explanation, most int) against {
	return m.step(app, authkit.Riders{}, func(a *modelApp, _ *against) {
		for _, e := range list {
			if a.explanationOf(e.RequestID) < 0 {
				a.explained = append(a.explained, e)
			}
		}
		slices.SortFunc(a.explained, func(x, y authkit.Explanation) int { return bytes.Compare(y.RequestID[:], x.RequestID[:]) })
		a.explained = a.explained[:min(most, len(a.explained))]
	})
}
