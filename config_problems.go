package authkit

import "fmt"

// problems collects the errors of a Config, so that New reports all of them at once.
type problems []error

func (p *problems) add(field string, value any, fix string) {
	*p = append(*p, &configProblem{field, fmt.Sprint(value), fix})
}

// configProblem is one error of a Config.
type configProblem struct{ field, value, fix string }

// Error names the field, its value and what to do.
func (p *configProblem) Error() string { return p.seen() + ": " + p.fix }

func (p *configProblem) seen() string { return "field Config." + p.field + " is " + p.value }
