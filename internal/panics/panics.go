// Package panics turns a panic in code of others into an error.
//
//	err := panics.Catch(func() error { return mailer.Send(ctx, m) })
package panics

import (
	"fmt"
	"runtime"
	"strings"
)

// Error is the error of a call that panicked.
type Error struct {
	Value any    // the value of the panic
	At    string // the function and line that panicked
}

// Error names the value and the place of the panic.
func (e *Error) Error() string { return fmt.Sprintf("panic: %v (%s)", e.Value, e.At) }

// Catch returns what call returns, or an [*Error] if call panics.
func Catch(call func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &Error{Value: v, At: place()}
		}
	}()
	return call()
}

// place returns where the panic began that is being recovered.
func place() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	for seen := false; ; {
		frame, more := frames.Next()
		if seen && !strings.HasPrefix(frame.Function, "runtime.") {
			return fmt.Sprintf("%s:%d", frame.Function, frame.Line)
		}
		seen = seen || frame.Function == "runtime.gopanic"
		if !more {
			return "unknown place"
		}
	}
}
